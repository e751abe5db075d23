import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

/** Brings tokens while the store takes none, then mends the store, and waits for the late save to be over. */
async function broughtLate(h: Harness, tokens: TokenSet, meanwhile?: () => void): Promise<void> {
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  const bringing = caught(h.procore.setTokens(tokens));
  await h.env.advance(5_000);
  expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  meanwhile?.();
  h.store.onSave = undefined;
  await h.env.advance(60_000);
  await until(() => h.procore.unsavedTokens() === undefined, 'nothing to be in memory only');
}

/** As many applications keep it. */
const undated = ({ access_token, refresh_token }: TokenSet): TokenSet => ({ access_token, refresh_token });

test.each([
  ['of the same second', (tokens: TokenSet) => tokens],
  ['without the moment of issue', undated],
])(
  'new tokens whose first save fails do not give way to older ones %s, which nobody had read',
  async (_, of) => {
    await using h = await createHarness();
    const before = h.store.sets.get('default')!;
    h.store.sets.set('default', of(before));
    const tokens = h.emulator.issue();
    expect(tokens.created_at).toBe(before.created_at);
    await broughtLate(h, of(tokens));
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.emulator.log.at(-1)!.accessToken).toBe(h.procore.status().accessToken);
  },
);

test('new tokens whose first save fails take the place of what another process had renewed before they came', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  await h.attachProcess().procore.renew();
  await h.env.advance(2_000);
  const tokens = h.emulator.issue();
  await broughtLate(h, tokens);
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
});

test("another user's tokens whose first save fails do not give way to what a process renews the former user's to", async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const other = h.attachProcess({
    store: { load: h.store.load, save: (set) => void h.store.sets.set('default', set) },
  });
  await other.instance.get(me);
  const tokens = h.emulator.issue({ userId: 2 });
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  const bringing = caught(h.procore.setTokens(tokens));
  await h.env.advance(5_000);
  expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  const renewed = await other.procore.renew();
  expect(renewed.created_at).toBeGreaterThan(tokens.created_at!);
  h.store.onSave = undefined;
  await h.env.advance(60_000);
  await until(() => h.procore.unsavedTokens() === undefined, 'nothing to be in memory only');
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
  expect((await h.instance.get(me)).data.id).toBe(2);
});

test('new tokens whose first save fails give way to newer ones that another process has saved since', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const tokens = h.emulator.issue();
  let newer!: TokenSet;
  await broughtLate(h, tokens, () => h.store.sets.set('default', (newer = h.emulator.issue())));
  expect(newer.created_at).toBeGreaterThan(tokens.created_at!);
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: newer.refresh_token });
  expect((await h.procore.renew()).refresh_token).not.toBe(tokens.refresh_token);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('new tokens whose first save fails do not give way to older ones that a replica shows once, before the store is away', async () => {
  await using h = await createHarness();
  h.store.sets.set('default', undated(h.store.sets.get('default')!));
  await h.instance.get(me);
  const older = undated(h.emulator.issue());
  const tokens = undated(h.emulator.issue());
  const away = () => Promise.reject(new Error('the database is away'));
  const shown: (() => unknown)[] = [() => older, away, away];
  await broughtLate(h, tokens, () => (h.store.onLoad = () => shown.shift()?.()));
  expect(shown).toEqual([]);
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
});

/** An account beside others, and what happens when one answer of its store, and one only, is another account's row. */
async function createAmongOthers() {
  const h = await createHarness({ authorized: false, options: { account: 'b' } });
  h.store.sets.set('b', h.emulator.issue());
  await h.instance.get(me);
  function showOnce(row: TokenSet, then = () => {}): void {
    h.store.onLoad = () => {
      h.store.onLoad = undefined;
      then();
      return row;
    };
  }
  return { h, showOnce };
}

test.each<[string, (tokens: TokenSet) => TokenSet, (h: Harness) => void]>([
  ['that was issued long after them', (tokens) => tokens, () => {}],
  ['before the row is gone', undated, (h) => void h.store.sets.delete('b')],
])(
  "new tokens whose first save fails do not give way to another account's, shown once, %s",
  async (_, of, then) => {
    const { h, showOnce } = await createAmongOthers();
    await using _h = h as Harness & AsyncDisposable;
    h.store.sets.set('b', of(h.store.sets.get('b')!));
    const tokens = h.emulator.issue();
    h.store.onSave = () => Promise.reject(new Error('disk full'));
    const bringing = caught(h.procore.setTokens(of(tokens)));
    await h.env.advance(5_000);
    expect(await bringing).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    await h.env.advance(120_000);
    showOnce(of(h.emulator.issue({ userId: 2 })), () => then(h));
    h.store.onSave = undefined;
    await h.env.advance(120_000);
    await until(() => h.procore.unsavedTokens() === undefined, 'nothing to be in memory only');
    expect(h.store.sets.get('b')).toMatchObject({ refresh_token: tokens.refresh_token });
    expect((await h.instance.get(me)).data.id).toBe(1);
  },
);

test("new tokens are not saved with the columns of another account's row that is shown once", async () => {
  const { h, showOnce } = await createAmongOthers();
  await using _h = h as Harness & AsyncDisposable;
  h.store.sets.set('b', { ...h.store.sets.get('b')!, sync_cursor: 'of b' });
  showOnce({ ...h.emulator.issue({ userId: 2 }), sync_cursor: 'of a' });
  const tokens = h.emulator.issue();
  await h.env.drive(h.procore.setTokens(tokens));
  expect(h.store.sets.get('b')).toMatchObject({ refresh_token: tokens.refresh_token, sync_cursor: 'of b' });
});

test('new tokens that take the place of what the store shows of another user tell of no change of the owner by the store', async () => {
  const { h } = await createAmongOthers();
  await using _h = h as Harness & AsyncDisposable;
  h.store.sets.set('b', h.emulator.issue({ userId: 2 }));
  const tokens = h.emulator.issue();
  await h.env.drive(h.procore.setTokens(tokens));
  expect(h.store.sets.get('b')).toMatchObject({ refresh_token: tokens.refresh_token });
  expect(h.told.filter(({ event }) => event === 'warning')).toEqual([]);
});

test('of two log-ins at once neither resolves before the tokens of the second are saved', async () => {
  await using h = await createHarness();
  const [one, two] = [h.emulator.issue(), h.emulator.issue()];
  const stored = () => h.store.sets.get('default')?.refresh_token;
  const first = h.procore.setTokens(one).then(stored);
  const second = h.procore.setTokens(two).then(stored);
  expect(await h.env.drive(Promise.all([first, second]))).toEqual([two.refresh_token, two.refresh_token]);
});

test('where the tokens of the second of two log-ins cannot be saved, both say so', async () => {
  await using h = await createHarness();
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  const both = [h.emulator.issue(), h.emulator.issue()].map((tokens) => caught(h.procore.setTokens(tokens)));
  for (const error of await h.env.drive(Promise.all(both)))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
});

test('a log-in whose place another takes, and then a third that of the other, resolves only when the tokens of the third are saved', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const [one, two, three] = [h.emulator.issue(), h.emulator.issue(), h.emulator.issue()];
  const stored = () => h.store.sets.get('default')?.refresh_token;
  let save = () => {};
  let isSaving = false;
  h.store.onSave = ({ refresh_token: refresh }) => {
    if (refresh !== two.refresh_token) return undefined;
    isSaving = true;
    return new Promise<void>((resolve) => (save = resolve));
  };
  const all = [one, two].map((tokens) => h.procore.setTokens(tokens).then(stored));
  await until(() => isSaving, 'the tokens of the second to be on their way into the store');
  all.push(h.procore.setTokens(three).then(stored));
  save();
  const last = three.refresh_token;
  expect(await h.env.drive(Promise.all(all))).toEqual([last, last, last]);
});

test('a log-in that waits behind a store that hangs is not dropped for the pair of an old session', async () => {
  await using h = await createHarness();
  const old = h.store.sets.get('default')!;
  await h.attachProcess().procore.renew();
  // Half the life of a token: nobody keeps the pair of a log-in for so long before it is brought.
  await h.env.advance(50 * 60_000);
  let hanging = 0;
  h.store.onLoad = () => {
    hanging++;
    return new Promise(() => {});
  };
  const call = h.instance.get(me).catch(() => undefined);
  await until(() => hanging === 1, 'the call to load its tokens');
  const tokens = h.emulator.issue();
  const logIn = h.procore.setTokens(tokens);
  await h.env.advance(5_000);
  await until(() => hanging === 2, 'the log-in to look into the store');
  await h.env.advance(1_000);
  h.store.onLoad = undefined;
  const ofSession = h.procore.setTokens(old);
  await h.env.drive(Promise.all([logIn, ofSession, call]));
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
  expect(h.procore.unsavedTokens()).toBeUndefined();
});

test('a log-in that waits behind a slow store is not dropped for the pair in hand, which an application brings once more', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const inHand = { ...h.store.sets.get('default')! };
  let answer = () => {};
  let isAsked = false;
  h.store.onLoad = () => {
    isAsked = true;
    return new Promise<void>((resolve) => (answer = resolve));
  };
  const before = h.procore.setTokens(inHand);
  await until(() => isAsked, 'the store to be asked');
  const tokens = h.emulator.issue();
  const logIn = h.procore.setTokens(tokens);
  const ofSession = h.procore.setTokens(inHand);
  h.store.onLoad = undefined;
  answer();
  await h.env.drive(Promise.all([before, logIn, ofSession]));
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
  expect(await h.procore.getAccessToken()).toBe(tokens.access_token);
});

test('where a log-in that waits cannot be saved, it says so also where the pair in hand is brought once more meanwhile', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const inHand = { ...h.store.sets.get('default')! };
  h.store.onSave = () => Promise.reject(new Error('disk full'));
  const tokens = h.emulator.issue();
  const logIn = caught(h.procore.setTokens(tokens));
  const ofSession = h.procore.setTokens(inHand).catch(() => undefined);
  expect(await h.env.drive(logIn)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  await h.env.drive(ofSession);
  expect(h.procore.unsavedTokens()).toMatchObject({ refresh_token: tokens.refresh_token });
});

test('the pair in hand, brought once more, ends no wait before the next renewal for a 401', async () => {
  await using h = await createHarness();
  const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
  h.emulator.misbehave({
    on: ({ path }) => path.endsWith('/rfis'),
    times: Infinity,
    do: { kind: 'answer', status: 401, headers },
  });
  const asked = () => caught(h.instance.get('/rest/v1.0/projects/1/rfis'));
  await asked();
  await h.procore.setTokens({ ...h.store.sets.get('default')! });
  await asked();
  expect(h.emulator.counters.exchanges).toBe(1);
});
