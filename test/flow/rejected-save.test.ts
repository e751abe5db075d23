import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

/** The habit of lowdb: a save changes the memory that `load` reads, and then writes to the disk. */
function memoryFirst(h: Harness, disk: () => unknown): { sets: Map<string, TokenSet>; tries: number } {
  const written = { sets: new Map(h.store.sets), tries: 0 };
  h.store.onSave = async (tokens, account) => {
    written.tries++;
    h.store.sets.set(account, tokens);
    await disk();
    written.sets.set(account, tokens);
  };
  return written;
}

function full(): never {
  throw new Error('ENOSPC');
}

test.each([1, 3, 4, 7])(
  'a pair whose save is rejected %i times after the memory of the store has changed is on the disk in the end, by one exchange',
  async (times) => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const disk = memoryFirst(h, () => disk.tries <= times && full());
    const renewing = h.procore.renew();
    await until(() => disk.tries === 1, 'the first save');
    await h.env.advance(2_000);
    const pair = await renewing;
    expect(h.procore.status().unsaved).toBe(times > 3);
    const told = times > 3 ? ['token-renewed', 'token-save-failed'] : ['token-renewed'];
    expect(names(h.told)).toEqual(['warning', ...told]);
    expect(h.told[0]!.detail).toMatchObject({ code: 'store-contract' });
    expect(h.told[0]!.detail['message']).toContain('rule "A rejected save is no save"');
    for (let seconds = 0; seconds < 60; seconds += 10) await h.env.advance(10_000);
    expect(disk.sets.get('default')).toMatchObject({ refresh_token: pair.refresh_token });
    expect(disk.tries).toBe(times + 1);
    expect(h.procore.status().unsaved).toBe(false);
    expect(h.emulator.counters.exchanges).toBe(1);
  },
);

test('new tokens whose saves are all rejected are said to be unsaved, and saved later, whatever the store shows', async () => {
  await using h = await createHarness();
  let isFull = true;
  const disk = memoryFirst(h, () => isFull && full());
  const tokens = h.emulator.issue();
  const bringing = caught(h.procore.setTokens(tokens));
  await h.env.advance(5_000);
  expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  await h.env.advance(60_000);
  expect(h.procore.status().unsaved).toBe(true);
  isFull = false;
  await h.env.advance(60_000);
  await until(() => !h.procore.status().unsaved, 'the late save');
  expect(disk.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
});

test.each(['rejected', 'resolved'] as const)(
  'of a save whose time has run out nothing is believed before it has settled; when it is %s, that counts',
  async (end) => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    let finish = () => {};
    const disk = memoryFirst(h, async () => {
      if (disk.tries > 1) return;
      await new Promise<void>((resolve) => (finish = resolve));
      if (end === 'rejected') full();
    });
    const renewing = h.procore.renew();
    await until(() => disk.tries === 1, 'the first save');
    await h.env.advance(5_000);
    const pair = await renewing;
    await h.env.advance(10_000);
    expect(h.procore.status().unsaved).toBe(true);
    finish();
    await settled();
    for (let seconds = 0; seconds < 60; seconds += 10) await h.env.advance(10_000);
    expect(h.procore.status().unsaved).toBe(false);
    expect(disk.sets.get('default')).toMatchObject({ refresh_token: pair.refresh_token });
  },
);

test('a store whose answer to a save never comes is believed after five minutes: what it shows it has taken', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  memoryFirst(h, () => new Promise<never>(() => undefined));
  const renewing = h.procore.renew();
  await until(() => h.store.log.includes('save default'), 'the save');
  await h.env.advance(5_000);
  await renewing;
  for (let minute = 0; minute < 7; minute++) await h.env.advance(60_000);
  await until(() => !h.procore.status().unsaved, 'the store to be believed');
});

test('a pair that was written although its save was rejected, and renewed by another process since, gives way to the newer one', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  memoryFirst(h, full);
  await h.env.drive(h.procore.renew());
  h.store.onSave = undefined;
  h.env.jump(1_000);
  const other = h.attachProcess();
  const newer = await h.env.drive(other.procore.renew());
  for (let seconds = 0; seconds < 60; seconds += 10) await h.env.advance(10_000);
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: newer.refresh_token });
  expect(await h.procore.getAccessToken()).toBe(newer.access_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});
