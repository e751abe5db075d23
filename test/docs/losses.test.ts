/** The table "What can be lost" of docs/tokens.md. */
import type { AxiosRequestConfig } from 'axios';
import { describe, expect, test } from 'vitest';
import { isProcoreError, memoryTokenStore, TokenStoreConflict, type TokenSet } from '../../src/index.js';
import { createHarness, createTestStore, names, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { headerOf } from '../../src/wire/headers.js';
import { rowsUnder } from './support/pages.js';

const me = '/rest/v1.0/me';
/** The life of the emulator's access tokens. */
const lifeMs = 5_400_000;
const dead = 'ERR_PROCORE_REAUTHENTICATION_REQUIRED refresh-token-invalid';
const renewalFailed = 'ERR_PROCORE_TOKEN_RENEWAL_FAILED';

/** What some work came to, by status or code; the clock runs on while it takes time. */
async function outcomeOf(h: Harness, work: Promise<unknown>): Promise<string> {
  let outcome: string | undefined;
  void work.then(
    (value) => (outcome = String((value as { status?: number } | undefined)?.status ?? 'done')),
    (error: { code?: string; reason?: string; response?: { status: number } }) => {
      const own = isProcoreError(error) ? [error.code, (error as { reason?: string }).reason] : undefined;
      outcome = own ? own.filter(Boolean).join(' ') : String(error.response?.status ?? error.code);
    },
  );
  for (let rounds = 0; outcome === undefined && rounds < 2_000; rounds++) {
    await settled();
    // The real sockets of the emulator get their turn before the clock moves.
    await new Promise((resolve) => setImmediate(resolve));
    if (outcome === undefined) await h.env.advance(50);
  }
  return outcome ?? 'no end';
}
const get = (h: Harness, from: Pick<Harness, 'instance'> = h) => outcomeOf(h, from.instance.get(me));

/** Two processes over one store, both with the same expired pair. */
async function twoProcesses(h: Harness): Promise<Pick<Harness, 'instance'>> {
  const other = h.attachProcess();
  expect([await get(h), await get(h, other)]).toEqual(['200', '200']);
  h.env.jump(lifeMs);
  return other;
}

describe('docs/tokens.md, what can be lost', () => {
  test('has no row that is not looked at here', () => {
    expect(rowsUnder('docs/tokens.md', '## What can be lost')).toHaveLength(21);
  });

  test('thousands of calls meet an expired token: nothing', async () => {
    await using h = await createHarness();
    h.env.jump(lifeMs);
    // The calls themselves need no sockets: how long thousands of those take is a matter of the machine.
    const sent: unknown[] = [];
    const adapter = async (config: AxiosRequestConfig) => {
      sent.push(headerOf(config.headers, 'authorization'));
      return { status: 200, statusText: '', headers: {}, data: '', config };
    };
    const calls = Array.from({ length: 2_000 }, () => h.instance.get(me, { adapter: adapter as never }));
    expect((await Promise.all(calls)).every(({ status }) => status === 200)).toBe(true);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, tokenRequests: 1 });
    const { access_token } = h.store.sets.get('default')!;
    expect(sent).toEqual(Array(2_000).fill(`Bearer ${access_token}`));
  });

  test('the token endpoint cannot be reached: nothing', async () => {
    await using h = await createHarness();
    const elsewhere = { loginUrl: 'http://127.0.0.1:1', apiUrl: h.emulator.url };
    const cut = h.attachProcess({ environment: elsewhere, renewal: { totalMs: 20_000 } });
    h.env.jump(lifeMs);
    expect(await get(h, cut)).toBe(renewalFailed);
    expect(await get(h, h.attachProcess())).toBe('200');
  });

  test('the token endpoint is slower than the calls wait: nothing', async () => {
    await using h = await createHarness();
    h.env.jump(lifeMs);
    const slow = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    expect(await get(h)).toBe(renewalFailed);
    slow.release();
    expect(await outcomeOf(h, h.procore.idle())).toBe('done');
    expect(await get(h)).toBe('200');
    expect(h.emulator.counters.tokenRequests).toBe(1);
  });

  test.each([
    { spentTokens: 'A', after: true, ends: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED refresh-response-lost' },
    { spentTokens: 'B', after: true, ends: '200' },
    { spentTokens: 'A', after: false, ends: '200' },
  ] as const)(
    'the answer is lost, server $spentTokens, arrived: $after',
    async ({ ends, after, spentTokens }) => {
      await using h = await createHarness({ emulator: { spentTokens } });
      h.env.jump(lifeMs);
      h.emulator.misbehave({ on: 'token', after, do: { kind: 'drop' } });
      expect(await get(h)).toBe(ends);
      expect(h.emulator.counters.tokenRequests).toBe(2);
    },
  );

  test.each([
    { spentTokens: 'A', ends: dead },
    { spentTokens: 'B', ends: '200' },
  ] as const)('the process dies before the save, server $spentTokens', async ({ spentTokens, ends }) => {
    await using h = await createHarness({ emulator: { spentTokens } });
    h.env.jump(lifeMs);
    h.store.onSave = () => new Promise(() => {});
    void h.instance.get(me).catch(() => undefined);
    await until(() => h.store.log.includes('save default'));
    h.store.onSave = undefined;
    expect(await get(h, h.attachProcess())).toBe(ends);
  });

  test.each(['A', 'B'] as const)('a save fails, server %s', async (spentTokens) => {
    await using h = await createHarness({ emulator: { spentTokens } });
    expect(await get(h)).toBe('200');
    h.env.jump(lifeMs - 200_000);
    h.store.onSave = () => {
      throw new Error('disk full');
    };
    expect(await get(h)).toBe('200');
    await until(() => h.emulator.counters.exchanges === 1);
    await h.env.advance(2_000);
    expect(names(h.told)).toEqual(['token-renewed', 'token-save-failed']);
    expect(h.procore.status().unsaved).toBe(true);
    // Without a word to the store, the next process has the old pair only.
    const next = h.attachProcess({ store: createTestStore(h.store.sets.get('default')) });
    if (spentTokens === 'B') expect(await outcomeOf(h, next.procore.renew())).toBe('done');
    else expect(await outcomeOf(h, next.procore.renew())).toBe(dead);
    // On A the old token is refused and the unsaved one is used; on B the old one lives.
    expect(await get(h)).toBe('200');
    h.store.onSave = undefined;
    await h.env.advance(60_000);
    expect(names(h.told).at(-1)).toBe('token-saved-late');
    expect(h.store.sets.get('default')?.refresh_token).not.toBeUndefined();
    expect(h.procore.status().unsaved).toBe(false);
  });

  test.each([
    () => {
      throw new Error('down');
    },
    () => '{"access_token":"not parsed"}',
  ])('the store cannot be read, or returns garbage: nothing is redeemed', async (onLoad) => {
    await using h = await createHarness();
    h.env.jump(lifeMs);
    h.store.onLoad = onLoad;
    expect(await get(h)).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
    expect(h.emulator.counters.tokenRequests).toBe(0);
    h.store.onLoad = undefined;
    expect(await get(h)).toBe('200');
  });

  // Fails as long as a renewal takes the token in hand for the successor of the stale one: then this says so, and `.fails` goes.
  test('a lagging replica is not adopted', async () => {
    await using h = await createHarness();
    expect(await get(h)).toBe('200');
    for (let renewals = 1; renewals <= 3; renewals++) {
      const before = h.store.sets.get('default')!;
      h.env.jump(lifeMs);
      expect(await get(h)).toBe('200');
      // Now it lags, and somebody asks for another renewal.
      h.store.onLoad = () => before;
      h.emulator.expire();
      expect(await get(h)).toBe('200');
      h.store.onLoad = undefined;
    }
    expect(h.emulator.counters).toMatchObject({ exchanges: 6, spentPresentations: 0 });
  });

  test('two processes with a lock: one redeems, the other adopts', async () => {
    await using h = await createHarness({ emulator: { familyRevocation: true } });
    const store = memoryTokenStore(h.store.sets.get('default'));
    const [one, two] = [h.attachProcess({ store }), h.attachProcess({ store })];
    h.env.jump(lifeMs);
    expect(await Promise.all([get(h, one), get(h, two)])).toEqual(['200', '200']);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test.each([
    { familyRevocation: false, saveMs: 1_000, ends: ['200', '200'], later: ['200', '200'] },
    { familyRevocation: false, saveMs: 9_000, ends: ['200', dead], later: ['200', '200'] },
    { familyRevocation: true, saveMs: 1_000, ends: [dead, dead], later: [dead, dead] },
  ])('two processes without a lock, server A: $familyRevocation, $saveMs ms', async (row) => {
    await using h = await createHarness({ emulator: { familyRevocation: row.familyRevocation } });
    const other = await twoProcesses(h);
    h.store.onSave = () => h.env.sleep(row.saveMs);
    expect((await Promise.all([get(h), get(h, other)])).sort()).toEqual([...row.ends].sort());
    h.store.onSave = undefined;
    await h.env.advance(10_000);
    expect([await get(h), await get(h, other)]).toEqual(row.later);
  });

  test.each([true, false])('two processes without a lock, server B, save compares: %s', async (compares) => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    const other = await twoProcesses(h);
    let saves = 0;
    h.store.onSave = async (_tokens: TokenSet, _account: string, previous?: TokenSet) => {
      saves++;
      await until(() => saves >= 2);
      if (compares && h.store.sets.get('default')?.refresh_token !== previous?.refresh_token) {
        throw new TokenStoreConflict();
      }
    };
    const ends = await Promise.all([get(h), get(h, other)]);
    expect(ends.sort()).toEqual(compares ? ['200', '200'] : ['200', dead]);
    h.env.jump(lifeMs);
    if (compares) expect([await get(h), await get(h, other)]).toEqual(['200', '200']);
  });

  test('the lock is lost before the request: nothing is redeemed; after it: saved', async () => {
    await using h = await createHarness();
    for (const when of ['before', 'after'] as const) {
      h.env.jump(lifeMs);
      const lost = new AbortController();
      if (when === 'before') lost.abort();
      const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
      const locked = h.attachProcess({
        store: {
          load: h.store.load,
          save: h.store.save,
          lock: (_account, critical) => critical(lost.signal),
          renewsLock: true,
        },
      });
      const outcome = get(h, locked);
      if (when === 'before') {
        expect(await outcome).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
        expect(h.emulator.counters.tokenRequests).toBe(0);
        held.remove();
        continue;
      }
      await held.struck();
      lost.abort();
      held.release();
      expect(await outcome).toBe('200');
      expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
    }
  });

  test('the application refreshes by itself: through the instance, and elsewhere into the same store', async () => {
    await using h = await createHarness();
    const formOf = (set: TokenSet) =>
      new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: set.refresh_token!,
        client_id: h.emulator.clientId,
        client_secret: h.emulator.clientSecret,
      });
    expect(await get(h)).toBe('200');
    await h.instance.post('/oauth/token', formOf(h.store.sets.get('default')!));
    await until(() => names(h.told).includes('token-adopted'));
    expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
    expect(await get(h)).toBe('200');

    const answer = await fetch(`${h.emulator.url}/oauth/token`, {
      method: 'POST',
      body: formOf(h.store.sets.get('default')!),
    });
    h.store.sets.set('default', (await answer.json()) as TokenSet);
    expect(await get(h)).toBe('200');
    expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  });

  test('setTokens during a renewal: the new authorization counts', async () => {
    await using h = await createHarness();
    h.env.jump(lifeMs);
    const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const call = get(h);
    await held.struck();
    const fresh = h.emulator.issue();
    expect(await outcomeOf(h, h.procore.setTokens(fresh))).toBe('done');
    held.release();
    expect(await call).toBe('200');
    expect(h.store.sets.get('default')?.refresh_token).toBe(fresh.refresh_token);
  });

  test('the answer to a code is lost: the person goes once more, and the tokens before stay', async () => {
    await using h = await createHarness();
    const redirectUri = 'https://app.example.com/callback';
    const codeOf = () =>
      h.emulator.authorize(h.procore.authorizationUrl({ redirectUri, state: 's' })).code ?? '';
    h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
    expect(await outcomeOf(h, h.procore.exchangeCode({ code: codeOf(), redirectUri }))).toBe(
      'ERR_PROCORE_REAUTHENTICATION_REQUIRED code-response-lost',
    );
    expect(h.emulator.counters.tokenRequests).toBe(1);
    expect(await get(h)).toBe('200');
    expect(await outcomeOf(h, h.procore.exchangeCode({ code: codeOf(), redirectUri }))).toBe('done');
  });

  test('revoke fails at the login host: nothing is removed', async () => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'revoke', times: Infinity, do: { kind: 'answer', status: 502 } });
    expect(await outcomeOf(h, h.procore.revoke())).toBe(renewalFailed);
    expect(await get(h)).toBe('200');
    expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
  });

  test('the access is revoked: a person is needed', async () => {
    await using h = await createHarness();
    expect(await get(h)).toBe('200');
    h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
    expect(await get(h)).toBe(dead);
    expect(names(h.told)).toEqual(['reauthentication-required']);
    expect(await outcomeOf(h, h.procore.setTokens(h.emulator.issue()))).toBe('done');
    expect(await get(h)).toBe('200');
  });
});
