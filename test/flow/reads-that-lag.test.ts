import { expect, test } from 'vitest';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { createHarness, type Harness } from '../support/harness.js';

const life = 5_400_000;
const lagMs = 300;

/** One row under a real lock, whose reads show for a while what was there before. */
function lagging(h: Harness, more: Partial<TokenStore> = {}): TokenStore {
  let before: TokenSet | undefined;
  let savedAtMs = -Infinity;
  let tail: Promise<unknown> = Promise.resolve();
  return {
    load: () => (h.env.now() - savedAtMs < lagMs ? before : h.store.sets.get('default')),
    save(tokens) {
      [before, savedAtMs] = [h.store.sets.get('default'), h.env.now()];
      h.store.sets.set('default', tokens);
    },
    lock: (_account, critical) => {
      const run = tail.then(() => critical());
      tail = run.catch(() => undefined);
      return run;
    },
    renewsLock: true,
    ...more,
  };
}

test('three processes under a lock, with reads that lag: nobody presents a spent token, and nobody is declared dead', async () => {
  await using h = await createHarness();
  const store = lagging(h);
  const processes = [1, 2, 3].map(() => h.attachProcess({ store: { ...store } }));
  for (const { instance } of processes) await instance.get('/rest/v1.0/me');
  h.env.jump(life);
  const slow = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const calls = Promise.all(processes.map(({ instance }) => instance.get('/rest/v1.0/me')));
  await slow.struck();
  await h.env.advance(200);
  slow.release();
  expect((await h.env.drive(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('an invalid_grant under a lock is no verdict before a lagging read had its time', async () => {
  await using h = await createHarness();
  const store = lagging(h);
  const [one, two] = [h.attachProcess({ store: { ...store } }), h.attachProcess({ store: { ...store } })];
  await one.instance.get('/rest/v1.0/me');
  await two.instance.get('/rest/v1.0/me');
  const theirs = await one.procore.renew();
  expect((await h.env.drive(two.procore.renew(), 100)).access_token).toBe(theirs.access_token);
});
