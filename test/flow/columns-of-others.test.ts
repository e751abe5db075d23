import { describe, expect, test } from 'vitest';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet } from '../../src/store/store.js';
import { createHarness, type Harness } from '../support/harness.js';

/** Changes columns beside the tokens, as another part of the application does; undefined deletes one. */
function change(h: Harness, columns: Record<string, unknown>): void {
  const changed = Object.entries({ ...row(h), ...columns }).filter(([, value]) => value !== undefined);
  h.store.sets.set('default', Object.fromEntries(changed) as TokenSet);
}

const row = (h: Harness): TokenSet => h.store.sets.get('default')!;
const before = { sync_cursor: 1, disabled: false, old: 'x' };
const after = { sync_cursor: 2, disabled: true, old: undefined, added: 'y' };
const expected = { sync_cursor: 2, disabled: true, added: 'y' };

/** A lock of the store's, so that what was loaded under it could be taken for what the store holds. */
function withLock(h: Harness): void {
  const { lock } = memoryTokenStore();
  Object.assign(h.store, { lock, renewsLock: true, readsAreFresh: true });
}
const withoutLock = () => undefined;

describe.each([
  ['without a lock', withoutLock],
  ['with a lock', withLock],
])('in a store %s', (_kind, prepare) => {
  test('a column that somebody changes during a token request is not put back', async () => {
    await using h = await createHarness();
    prepare(h);
    change(h, before);
    const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewing = h.procore.renew();
    await held.struck();
    change(h, after);
    held.release();
    const pair = await renewing;
    expect(row(h)).toMatchObject({ ...expected, refresh_token: pair.refresh_token });
    expect(row(h)).not.toHaveProperty('old');
    expect(pair).toEqual(row(h));
  });

  test('a column that somebody changes before a late save is not put back', async () => {
    await using h = await createHarness();
    prepare(h);
    change(h, before);
    let isDown = true;
    h.store.onSave = () => {
      if (isDown) throw new Error('down');
    };
    const pair = await h.env.drive(h.procore.renew());
    change(h, after);
    isDown = false;
    await h.env.advance(60_000);
    expect(row(h)).toMatchObject({ ...expected, refresh_token: pair.refresh_token });
    expect(row(h)).not.toHaveProperty('old');
  });

  test('a column that somebody changes before the late save of tokens from setTokens is not put back', async () => {
    await using h = await createHarness();
    prepare(h);
    change(h, before);
    await h.procore.renew();
    let isDown = true;
    h.store.onSave = () => {
      if (isDown) throw new Error('down');
    };
    // The application has read the row and changes what it wants to change.
    const { sync_cursor, disabled } = row(h);
    const brought = { ...h.emulator.issue(), sync_cursor, disabled, company: 'ACME' };
    await expect(h.env.drive(h.procore.setTokens(brought))).rejects.toThrow('not saved');
    change(h, after);
    isDown = false;
    await h.env.advance(60_000);
    expect(row(h)).toMatchObject({
      ...expected,
      company: 'ACME',
      refresh_token: brought.refresh_token,
    });
  });

  test('a column that somebody changes is not put back by a late save that had to wait for a save that hung', async () => {
    await using h = await createHarness();
    prepare(h);
    change(h, before);
    let fail: ((error: Error) => void) | undefined;
    h.store.onSave = () =>
      fail ? undefined : new Promise<never>((_resolve, reject) => void (fail = reject));
    const pair = await h.env.drive(h.procore.renew());
    // The late save has looked into the store, and waits.
    await h.env.advance(2_000);
    change(h, after);
    fail!(new Error('down'));
    await h.env.advance(1_000);
    expect(row(h)).toMatchObject({ ...expected, refresh_token: pair.refresh_token });
    expect(row(h)).not.toHaveProperty('old');
  });

  test('a column that somebody changes is not put back by the next renewal of a pair that could not be saved', async () => {
    await using h = await createHarness();
    prepare(h);
    change(h, before);
    h.store.onSave = () => {
      throw new Error('down');
    };
    await h.env.drive(h.procore.renew());
    change(h, after);
    h.store.onSave = undefined;
    const pair = await h.procore.renew();
    expect(row(h)).toMatchObject({ ...expected, refresh_token: pair.refresh_token });
    expect(row(h)).not.toHaveProperty('old');
  });
});

test('what the token endpoint answers beside the tokens is saved, in the place of what the store held', async () => {
  await using h = await createHarness();
  change(h, { owner_id: 1, sync_cursor: 1 });
  let ownerId = 1;
  const { procore } = h.attachProcess({
    exchange: async () => ({ ...h.emulator.issue(), owner_id: ++ownerId }),
  });
  await procore.renew();
  expect(row(h)).toMatchObject({ owner_id: 2, sync_cursor: 1 });
  h.store.onSave = () => {
    throw new Error('down');
  };
  await h.env.drive(procore.renew());
  h.store.onSave = undefined;
  await h.env.advance(60_000);
  expect(row(h)).toMatchObject({ owner_id: 3, sync_cursor: 1 });
});

test('a store that cannot be read after the token request, under its lock, gets the new pair all the same', async () => {
  await using h = await createHarness();
  withLock(h);
  change(h, before);
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewing = h.procore.renew();
  await held.struck();
  h.store.onLoad = () => {
    throw new Error('down');
  };
  held.release();
  const pair = await renewing;
  expect(row(h)).toMatchObject({ ...before, refresh_token: pair.refresh_token });
});

test('a store that cannot be read for a moment keeps its columns when the application brings tokens', async () => {
  await using h = await createHarness();
  change(h, before);
  let failing = 4;
  h.store.onLoad = () => {
    if (failing-- > 0) throw new Error('down');
    return row(h);
  };
  const brought = h.emulator.issue();
  await h.env.drive(h.procore.setTokens(brought));
  expect(row(h)).toMatchObject({ ...before, refresh_token: brought.refresh_token });
});

test('a store that cannot be read at all gets the tokens of setTokens together with the columns that were read last', async () => {
  await using h = await createHarness();
  change(h, before);
  await h.procore.renew();
  h.store.onLoad = () => {
    throw new Error('down');
  };
  const brought = h.emulator.issue();
  await h.env.drive(h.procore.setTokens(brought));
  expect(row(h)).toMatchObject({ ...before, refresh_token: brought.refresh_token });
});
