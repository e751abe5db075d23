import { describe, expect, test } from 'vitest';
import type { LockRecord, TokenSet, TokenStore } from '../../src/store/store.js';
import { shortFingerprint } from '../../src/token/pair/fingerprint.js';
import { createHarness, names, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

/** One lock for several processes, that remembers a text. */
function createRememberingLock(): {
  text: string | undefined;
  readonly log: (string | undefined)[];
  broken: Partial<LockRecord>;
  readonly lock: NonNullable<TokenStore['lock']>;
} {
  let tail: Promise<unknown> = Promise.resolve();
  const own = {
    text: undefined as string | undefined,
    log: [] as (string | undefined)[],
    broken: {} as Partial<LockRecord>,
    lock: <T>(_account: string, critical: (lost?: AbortSignal, record?: LockRecord) => Promise<T>) => {
      const run = tail.then(() =>
        critical(undefined, {
          read: own.broken.read ?? (async () => own.text),
          write:
            own.broken.write ??
            (async (text) => {
              own.log.push(text);
              own.text = text;
            }),
        }),
      );
      tail = run.catch(() => undefined);
      return run;
    },
  };
  return own;
}

function stage(h: Harness) {
  const memory = createRememberingLock();
  const { load, save } = h.store;
  const store = (more: Partial<TokenStore> = {}): TokenStore => ({
    load,
    save,
    lock: memory.lock,
    renewsLock: true,
    readsAreFresh: true,
    ...more,
  });
  const inStore = () => h.store.sets.get('default')!;
  const note = (state: string, set: TokenSet = inStore()) =>
    `${shortFingerprint(set.refresh_token!)} ${state} 1800000000000`;
  /** The record without its time. */
  const noted = () => memory.text?.replace(/ \d+$/, '');
  return { memory, store, inStore, note, noted };
}

/** Redeems the stored token behind everybody's back. */
async function spend(h: Harness, { refresh_token }: TokenSet): Promise<TokenSet> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: h.emulator.clientId,
    client_secret: h.emulator.clientSecret,
    refresh_token: refresh_token!,
  });
  const answer = await fetch(`${h.emulator.url}/oauth/token`, { method: 'POST', body });
  return (await answer.json()) as TokenSet;
}

describe("the lock's record after a crash", () => {
  test('redeemed and never saved: the answer was lost, and the error says so', async () => {
    await using h = await createHarness();
    const { memory, store, inStore, note } = stage(h);
    memory.text = note('presented');
    await spend(h, inStore());
    const { procore } = h.attachProcess({ store: store() });
    await expect(procore.renew()).rejects.toMatchObject({ reason: 'refresh-response-lost' });
    // The next one learns the same.
    expect(memory.text).toBe(note('presented'));
  });

  test('never redeemed: the token still works, and the record is cleared', async () => {
    await using h = await createHarness();
    const { memory, store, note } = stage(h);
    memory.text = note('presented');
    const { procore } = h.attachProcess({ store: store() });
    await procore.renew();
    expect(memory.text).toBeUndefined();
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test('another token under way, or none: a spent token was spent elsewhere or revoked', async () => {
    await using h = await createHarness();
    const { memory, store, inStore } = stage(h);
    memory.text = '01234567 presented 1';
    await spend(h, inStore());
    const { procore } = h.attachProcess({ store: store() });
    await expect(procore.renew()).rejects.toMatchObject({ reason: 'refresh-token-invalid' });
    expect(memory.text).toBeUndefined();
  });
});

test('a renewal notes what it presents before it does, and takes it back when all is saved', async () => {
  await using h = await createHarness();
  const { memory, store, note } = stage(h);
  const presented = note('presented');
  let whenSent: string | undefined;
  let whenSaved: string | undefined;
  h.emulator.misbehave({
    on: ({ path }) => {
      if (path === '/oauth/token') whenSent = memory.text;
      return false;
    },
    do: { kind: 'drop' },
  });
  h.store.onSave = () => void (whenSaved = memory.text);
  const { procore } = h.attachProcess({ store: store() });
  await procore.renew();
  expect([whenSent, whenSaved, memory.text]).toEqual([presented, presented, undefined]);
});

test.each([
  ['was never sent', { status: 503, headers: { 'retry-after': '100' } }, undefined],
  ['may have been redeemed', { status: 500 }, 'presented'],
])('a token that %s and has no verdict leaves its record accordingly', async (_what, answer, state) => {
  await using h = await createHarness();
  const { noted, store, inStore } = stage(h);
  const expected = state && `${shortFingerprint(inStore().refresh_token!)} ${state}`;
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', ...answer } });
  const { procore } = h.attachProcess({ store: store() });
  await h.env.drive(procore.renew().catch(() => undefined));
  expect(noted()).toBe(expected);
});

describe('a pair that another process could not save so far', () => {
  /** A process whose save fails until it is told otherwise, and one beside it, both with an expired token. */
  async function two(h: Harness) {
    const { memory, store, inStore, noted } = stage(h);
    const unsaved = `${shortFingerprint(inStore().refresh_token!)} unsaved`;
    const state = { fails: true };
    const save: TokenStore['save'] = async (...args) => {
      if (state.fails) throw new Error('disk full');
      await h.store.save(...args);
    };
    const holder = h.attachProcess({ store: store({ save }) });
    const beside = h.attachProcess({ store: store() });
    await Promise.all([holder.instance.get(me), beside.instance.get(me)]);
    h.env.jump(life);
    await h.env.drive(holder.instance.get(me));
    expect(noted()).toBe(unsaved);
    return { memory, noted, unsaved, state, holder, beside };
  }
  const outcome = (h: Harness, { instance }: Pick<Harness, 'instance'>) =>
    h.env.drive(
      instance.get(me).then(
        ({ status }) => status as unknown,
        (error: { code?: string }) => error.code as unknown,
      ),
    );

  test('its spent token is not sent again; the pair is adopted as soon as it is saved', async () => {
    await using h = await createHarness();
    const { state, beside, memory } = await two(h);
    const waiting = beside.instance.get(me);
    await h.env.advance(1_000);
    state.fails = false;
    expect((await h.env.drive(waiting)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
    expect(memory.text).toBeUndefined();
  });

  test('as long as it goes on trying, the others have an error that passes, and nobody is asked for', async () => {
    await using h = await createHarness({ emulator: { familyRevocation: true } });
    const { state, beside } = await two(h);
    for (let minute = 0; minute < 4; minute++) {
      expect(await outcome(h, beside)).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
      await h.env.advance(60_000);
    }
    state.fails = false;
    await h.env.advance(70_000);
    expect(await outcome(h, beside)).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, revocations: 0 });
    expect(names(h.told)).not.toContain('reauthentication-required');
  });

  test.each([
    ['A', { reason: 'refresh-response-lost' }, 1],
    ['B', { expires_in: 5_400 }, 0],
  ] as const)(
    'if it gives no sign of life any more, the server decides (mode %s)',
    async (spentTokens, expected, spentPresentations) => {
      await using h = await createHarness({ emulator: { spentTokens } });
      const { memory, store, note, inStore } = stage(h);
      memory.text = note('unsaved');
      await spend(h, inStore());
      const { procore } = h.attachProcess({ store: store() });
      const renewed = () => h.env.drive(procore.renew().catch((failure: unknown) => failure));
      expect(await renewed()).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
      expect(h.emulator.counters.tokenRequests).toBe(1);
      await h.env.advance(90_000);
      expect(await renewed()).toMatchObject(expected);
      expect(h.emulator.counters.spentPresentations).toBe(spentPresentations);
    },
  );

  test.each(['succeeds', 'is refused'])(
    'another renewal of its own that %s leaves the note alone',
    async (how) => {
      await using h = await createHarness({ emulator: { familyRevocation: true } });
      const { holder, beside, noted, unsaved, state } = await two(h);
      if (how === 'is refused') {
        const body = { error: 'invalid_client' };
        h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 401, body } });
      }
      await h.env.drive(holder.procore.renew().catch(() => undefined));
      expect(noted()).toBe(unsaved);
      expect(await outcome(h, beside)).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
      state.fails = false;
      await h.env.advance(70_000);
      expect(await outcome(h, beside)).toBe(200);
      expect(h.emulator.counters).toMatchObject({ spentPresentations: 0, revocations: 0 });
    },
  );

  test('another renewal of its own that is saved takes the note away', async () => {
    await using h = await createHarness();
    const { holder, memory, state } = await two(h);
    state.fails = false;
    await holder.procore.renew();
    expect(memory.text).toBeUndefined();
  });

  test('a token that comes back with the answer is not spent, saved or not', async () => {
    await using h = await createHarness();
    const { memory, store } = stage(h);
    const exchange = async (): Promise<TokenSet> => {
      const { refresh_token: _own, ...answer } = h.emulator.issue();
      return answer;
    };
    const save = () => Promise.reject(new Error('disk full'));
    const { procore } = h.attachProcess({ store: store({ save }), exchange });
    await h.env.drive(procore.renew().catch(() => undefined));
    expect(memory.text).toBeUndefined();
  });
});

test.each<[string, Partial<LockRecord>]>([
  ['hangs', { read: () => new Promise(() => {}), write: () => new Promise(() => {}) }],
  [
    'fails',
    { read: () => Promise.reject(new Error('torn')), write: () => Promise.reject(new Error('full')) },
  ],
  [
    'throws',
    {
      read() {
        throw new Error('torn');
      },
    },
  ],
  ['is garbage', { read: async () => 7 as never }],
])('a record that %s only takes a reason away', async (_what, broken) => {
  await using h = await createHarness();
  const { memory, store } = stage(h);
  memory.broken = broken;
  const { procore } = h.attachProcess({ store: store() });
  const startedAtMs = h.env.now();
  await h.env.drive(procore.renew());
  expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(4_000);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('tokens that the application brings while a note is written are not followed by a request for the old ones', async () => {
  await using h = await createHarness();
  const { memory, store } = stage(h);
  let written = () => {};
  let writing = () => {};
  const begun = new Promise<void>((resolve) => (writing = resolve));
  memory.broken = {
    write: () => {
      writing();
      return new Promise<void>((resolve) => (written = resolve));
    },
  };
  const { procore } = h.attachProcess({ store: store() });
  const renewal = procore.renew().catch(() => undefined);
  await begun;
  memory.broken = {};
  const brought = procore.setTokens(h.emulator.issue());
  written();
  await h.env.drive(Promise.all([renewal, brought]));
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('tokens that the application brings while a note is read are not followed by a note for the old ones', async () => {
  await using h = await createHarness();
  const { memory, store } = stage(h);
  let reads = 0;
  let go = () => {};
  let reading = () => {};
  const begun = new Promise<void>((resolve) => (reading = resolve));
  memory.broken = {
    async read() {
      // Read first for somebody else's pair, then for what to note.
      if (++reads < 2) return undefined;
      reading();
      await new Promise<void>((resolve) => (go = resolve));
      return undefined;
    },
  };
  const { procore } = h.attachProcess({ store: store() });
  const renewal = procore.renew().catch(() => undefined);
  await begun;
  const brought = procore.setTokens(h.emulator.issue());
  go();
  await h.env.drive(Promise.all([renewal, brought]));
  // Their save found nothing under way.
  expect(memory.log).toEqual([undefined]);
});

test('a clock that is set back makes no hours of the wait for a sign of life', async () => {
  await using h = await createHarness({ emulator: { spentTokens: 'B' } });
  const { memory, store, note } = stage(h);
  memory.text = note('unsaved');
  const { procore } = h.attachProcess({ store: store() });
  const renewed = () => h.env.drive(procore.renew().catch((failure: unknown) => failure));
  expect(await renewed()).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  // What waits goes by the clock that it began with.
  await h.env.advance(60_000);
  h.env.jump(-3_600_000);
  expect(await renewed()).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  await h.env.advance(90_000);
  expect(await renewed()).toMatchObject({ expires_in: 5_400 });
});
