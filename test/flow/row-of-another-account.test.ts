import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { createHarness } from '../support/harness.js';

const me = '/rest/v1.0/me';

/**
 * Two accounts of one store, one user each. The first one's tokens have been renewed in this process, and its user has logged in since:
 * `before` is the row that is neither the one in use nor leads to it. `show` makes the store give it once for the second account.
 */
async function createTwoUsers() {
  const h = await createHarness({ authorized: false, emulator: { spentTokens: 'B' } });
  for (const [account, userId] of [
    ['one', 1],
    ['two', 2],
  ] as const)
    h.store.sets.set(account, h.emulator.issue({ userId }));
  const before: TokenSet = { ...h.store.sets.get('one')! };
  await h.env.drive(h.procore.renew('one'));
  await h.env.advance(2_000);
  await h.env.drive(h.procore.setTokens(h.emulator.issue({ userId: 1 }), 'one'));
  const userOf = async (account: string) => {
    const { data } = await h.env.drive(h.instance.get<{ id: number }>(me, { procore: { account } }));
    return data.id;
  };
  const show = () => {
    h.store.onLoad = (account) => {
      if (account !== 'two') return undefined;
      h.store.onLoad = undefined;
      return before;
    };
  };
  return { h, userOf, show };
}

test('what another account’s spent token was renewed to is not taken for an account whose row shows that token once', async () => {
  const { h, userOf, show } = await createTwoUsers();
  await using _h = h;
  expect(await userOf('two')).toBe(2);
  show();
  await h.env.drive(h.procore.renew('two'));
  expect(await userOf('two')).toBe(2);
  expect(await userOf('one')).toBe(1);
});

test('the spent pair of another account that the first load of an account shows once is not used for it', async () => {
  const { h, userOf, show } = await createTwoUsers();
  await using _h = h;
  show();
  expect(await userOf('two')).toBe(2);
  expect(await userOf('one')).toBe(1);
});
