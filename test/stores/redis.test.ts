import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { storeContract } from '../../src/store-contract/index.js';
import { keysOf } from '../../src/store/redis/keys.js';
import {
  redisTokenStore,
  type RedisClient,
  type RedisTokenStore,
  type RedisTokenStoreOptions,
} from '../../src/store/redis.js';
import { TokenStoreConflict, type LockRecord, type TokenSet } from '../../src/store/store.js';
import { libraries, type Library, type OpenClient } from './support/redis-clients.js';
import type { HolderReport, HolderTask } from './support/redis-holder.js';
import { openLine } from './support/redis-line.js';
import { startOwnRedis, startRedis, type RedisServer } from './support/redis-server.js';

const never = new AbortController().signal;
const set = (name: string): TokenSet => ({
  access_token: `access-${name}`,
  refresh_token: `refresh-${name}`,
});
/** Short, so that tests need not wait long for its end. */
const leaseMs = 1_000;
/** Long, so that whoever is in sooner has not waited for its end, however busy the machine is. */
const longLeaseMs = 40_000;
const account = 'default';

const server: RedisServer | undefined = await startRedis();
/** To be stopped and killed. */
const own = server && (await startOwnRedis());
afterAll(() => Promise.all([server?.stop(), own?.stop()]));

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Another process over the same keys, as far as that can be had in one. */
interface Peer extends OpenClient {
  readonly store: RedisTokenStore;
}
async function openPeer(library: Library, url: string, options: RedisTokenStoreOptions): Promise<Peer> {
  const opened = await libraries[library](url);
  ends.push(opened.close);
  return { ...opened, store: redisTokenStore(opened.client, { leaseMs, ...options }) };
}

/** Takes the lock and stays in it. */
async function enter(store: RedisTokenStore): Promise<{
  lost: AbortSignal;
  record: LockRecord;
  /** Resolves when the lock has settled. */
  leave: () => Promise<void>;
}> {
  let leave = () => {};
  const stay = new Promise<void>((resolve) => (leave = resolve));
  let locking = Promise.resolve();
  const inside = await new Promise<{ lost: AbortSignal; record: LockRecord }>((resolve, reject) => {
    const critical = (lost?: AbortSignal, record?: LockRecord) => {
      resolve({ lost: lost!, record: record! });
      return stay;
    };
    locking = store.lock(account, critical, never);
    locking.catch(reject);
  });
  return {
    ...inside,
    leave: () => {
      leave();
      return locking;
    },
  };
}

/** The same client, but for how it runs a script. */
function around(
  client: RedisClient,
  run: (evaluate: () => Promise<unknown>) => Promise<unknown>,
): RedisClient {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'eval') return member;
      return (...args: unknown[]) => run(() => Reflect.apply(member as () => Promise<unknown>, target, args));
    },
  });
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function took<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const startedAt = performance.now();
  return { value: await work, ms: performance.now() - startedAt };
}

const holderScript = fileURLToPath(new URL('support/redis-holder.ts', import.meta.url));
function startHolder(library: Library, url: string, prefix: string) {
  const args = [library, url, prefix, String(leaseMs)];
  const child: ChildProcess = fork(holderScript, args, { execArgv: ['--import', 'tsx'] });
  ends.push(() => child.kill('SIGKILL'));
  return {
    child,
    next: () =>
      new Promise<HolderReport>((resolve, reject) => {
        child.once('message', (report) => resolve(report as HolderReport));
        child.once('exit', (code) => reject(new Error(`the holder ended with ${code}`)));
      }),
    save: (task: HolderTask) => void child.send(task),
  };
}

describe.skipIf(!server).each<Library>(['ioredis', 'redis'])('the contract of stores, over %s', (library) => {
  const prefix = `axios-procore-test:${randomUUID()}:`;
  const opened = new Map<unknown, OpenClient>();
  const contract = storeContract({
    async open() {
      // Not one of `ends`: these tests run beside one another.
      const connection = await libraries[library](server!.url);
      const store = redisTokenStore(connection.client, { prefix, leaseMs });
      opened.set(store, connection);
      return store;
    },
    close: (store) => opened.get(store)?.close(),
    async breakLock(store, name) {
      await opened.get(store)!.command('DEL', keysOf(prefix, name).lock);
    },
  });
  test.concurrent.each(contract)('$name', ({ run }) => run());
});

describe.skipIf(!server).each<Library>(['ioredis', 'redis'])('redisTokenStore over %s', (library) => {
  let prefix = '';
  const open = () => openPeer(library, server!.url, { prefix });
  const keys = () => keysOf(prefix, account);
  beforeAll(() => {
    // A server of the user's own may have keys of earlier runs.
    prefix = `axios-procore-test:${randomUUID()}:`;
  });
  afterEach(async () => {
    const { command, close } = await libraries[library](server!.url);
    const left = (await command('KEYS', `${prefix}*`)) as string[];
    if (left.length > 0) await command('DEL', ...left);
    close();
  });

  describe('what is stored', () => {
    test('one key with JSON per account, without an expiry', async () => {
      const { store, command } = await open();
      await store.save({ ...set('1'), note: 'mine' }, account, undefined);
      const stored = String(await command('GET', `${prefix}{default}:tokens`));
      expect(JSON.parse(stored)).toEqual({ ...set('1'), note: 'mine' });
      expect(Number(await command('TTL', `${prefix}{default}:tokens`))).toBe(-1);
    });

    test.each([
      ['no JSON', 'oops refresh-secret'],
      ['JSON that is no object', '["refresh-secret"]'],
      ['a text in JSON', '"refresh-secret"'],
      ['nothing', ''],
    ])(
      '%s is an error that names the key and quotes nothing; nothing is overwritten',
      async (_what, value) => {
        const { store, command } = await open();
        await command('SET', keys().tokens, value);
        for (const attempt of [
          () => store.load(account),
          () => store.save(set('2'), account, set('1')),
          () => store.save(set('2'), account, undefined),
        ]) {
          const error = await attempt().catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ message: expect.stringContaining(keys().tokens) });
          expect(error).toMatchObject({ message: expect.stringMatching(/Expected: a token set as JSON/) });
          expect(error).not.toBeInstanceOf(TokenStoreConflict);
          expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret');
        }
        expect(String(await command('GET', keys().tokens))).toBe(value);
      },
    );

    test('a key of another type is an error', async () => {
      const { store, command } = await open();
      await command('HSET', keys().tokens, 'access_token', 'refresh-secret');
      await expect(store.load(account)).rejects.toThrow(/cannot be used\. Expected: a token set as JSON/);
      await expect(store.save(set('1'), account, undefined)).rejects.toThrow(/cannot be used/);
    });

    test('a value that is not UTF-8, and half of a surrogate pair, can be replaced', async () => {
      const { store, command } = await open();
      const value = `{"refresh_token":"refresh-1","name":"`;
      await command(
        'EVAL',
        `return redis.call('SET', KEYS[1], ARGV[1] .. '\\252"}')`,
        '1',
        keys().tokens,
        value,
      );
      const half = '\ud83d';
      await store.save({ ...set('2'), name: `cut ${half}` }, account, set('1'));
      expect((await store.load(account))?.['name']).toBe(`cut ${half}`);
      await store.save(set('3'), account, set('2'));
      expect(await store.load(account)).toEqual(set('3'));
    });

    test('an error of the server shows no token', async () => {
      const { store, command } = await open();
      await command('SET', keys().lock, 'somebody');
      await command('DEL', keys().lock);
      await command('LPUSH', keys().lock, 'x');
      const error = await store.save(set('secret'), account, undefined).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        message: expect.stringMatching(/^Redis failed at .*WRONGTYPE/),
      });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret');
    });

    test('accounts of any name have keys of their own; braces are escaped', async () => {
      const { store, command } = await open();
      const names = [
        '',
        '%',
        '{',
        '}',
        '{}',
        '%7B',
        'a{b}c',
        '*',
        ' ',
        '\n',
        'ü',
        '\ud800',
        '\ud801',
        ':tokens',
      ];
      await Promise.all(names.map((name, n) => store.save(set(String(n)), name, undefined)));
      for (const [n, name] of names.entries()) expect(await store.load(name)).toEqual(set(String(n)));
      const found = ((await command('KEYS', `${prefix}*`)) as string[]).map((key) =>
        key.slice(prefix.length),
      );
      expect(found).toHaveLength(names.length);
      for (const key of found) expect(key).toMatch(/^\{[^{}]+\}:tokens$/);
    });

    test('remove forgets tokens and record, and leaves the lock to its holder', async () => {
      const { store, command } = await open();
      await store.save(set('1'), account, undefined);
      const { record, leave } = await enter(store);
      await record.write('1a2b3c4d presented');
      await store.remove(account);
      expect(await command('KEYS', `${prefix}*`)).toEqual([keys().lock]);
      await leave();
      expect(await command('KEYS', `${prefix}*`)).toEqual([]);
    });
  });

  describe('a save compares', () => {
    test('over what it knows, or over its own: saved; else a conflict, and nothing is changed', async () => {
      const { store } = await open();
      await store.save(set('1'), account, undefined);
      await store.save(set('2'), account, set('1'));
      await store.save({ ...set('2'), note: 'again' }, account, set('1'));
      for (const previous of [set('1'), undefined, { access_token: 'access-2' }])
        await expect(store.save(set('3'), account, previous)).rejects.toThrow(TokenStoreConflict);
      expect(await store.load(account)).toEqual({ ...set('2'), note: 'again' });
    });

    test('a key that is gone is not written anew by a save that was to replace it, unless keys are evicted', async () => {
      const { store, client, command } = await open();
      await store.save(set('1'), account, undefined);
      await command('DEL', keys().tokens);
      await expect(store.save(set('2'), account, set('1'))).rejects.toThrow(
        `The Redis key ${keys().tokens} is gone, with the token set that this save replaces: it is not written anew.`,
      );
      await expect(store.save(set('2'), account, set('1'))).rejects.toBeInstanceOf(TokenStoreConflict);
      expect(await store.load(account)).toBeUndefined();
      const cache = redisTokenStore(client, { prefix, leaseMs, rowsMayVanish: true });
      await cache.save(set('2'), account, set('1'));
      expect(await store.load(account)).toEqual(set('2'));
    });

    test('a key that is deleted between the look at it and the write is not written anew', async () => {
      const { store, client, command } = await open();
      await store.save(set('1'), account, undefined);
      let scripts = 0;
      const slow = around(client, async (evaluate) => {
        if (++scripts === 2) await command('DEL', keys().tokens);
        return evaluate();
      });
      const late = redisTokenStore(slow, { prefix, leaseMs });
      await expect(late.save(set('2'), account, set('1'))).rejects.toBeInstanceOf(TokenStoreConflict);
      expect(await store.load(account)).toBeUndefined();
    });

    test('commands that a client sends twice, for want of an answer, do what they do once', async () => {
      const { client, command } = await open();
      const twice = around(client, async (evaluate) => {
        await evaluate();
        return evaluate();
      });
      const store = redisTokenStore(twice, { prefix, leaseMs: longLeaseMs });
      await store.save(set('1'), account, undefined);
      const { ms } = await took(store.lock(account, () => store.save(set('2'), account, set('1')), never));
      expect(ms).toBeLessThan(longLeaseMs);
      expect(await store.load(account)).toEqual(set('2'));
      expect(await command('EXISTS', keys().lock)).toBe(0);
    });

    test('of many at once over the same previous exactly one wins', async () => {
      const peers = await Promise.all(Array.from({ length: 6 }, open));
      await peers[0]!.store.save(set('1'), account, undefined);
      const saves = peers.map(({ store }, n) => store.save(set(`next-${n}`), account, set('1')));
      const outcomes = await Promise.allSettled(saves);
      const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
      expect(won).toHaveLength(1);
      expect(await peers[0]!.store.load(account)).toEqual(set(`next-${won[0]}`));
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(TokenStoreConflict);
    });
  });

  describe('the lock', () => {
    test('eight contenders over four connections hold it one at a time', async () => {
      const peers = await Promise.all(Array.from({ length: 4 }, open));
      const { command } = peers[0]!;
      let inside = 0;
      let most = 0;
      const contend = async ({ store }: Peer) => {
        for (let round = 0; round < 5; round++) {
          await store.lock(
            account,
            async () => {
              most = Math.max(most, ++inside);
              // Read, wait, write: an update is lost if anybody else is in here.
              const count = Number((await command('GET', `${prefix}count`)) ?? 0);
              await sleep(2);
              await command('SET', `${prefix}count`, String(count + 1));
              inside--;
            },
            never,
          );
        }
      };
      await Promise.all([...peers, ...peers].map(contend));
      expect([most, String(await command('GET', `${prefix}count`))]).toEqual([1, '40']);
    });

    test('ends four seconds after the last sign of a holder that is not told how long', async () => {
      const { client, command } = await open();
      const { leave } = await enter(redisTokenStore(client, { prefix }));
      const leftMs = Number(await command('PTTL', keys().lock));
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(4_000);
      await leave();
    });

    test('is renewed for as long as it is held, though a renewal fails, and not after', async () => {
      const [holder, other] = [await open(), await open()];
      const failures: Error[] = [];
      const failing = around(holder.client, async (evaluate) => {
        const failure = failures.pop();
        if (failure) throw failure;
        return evaluate();
      });
      const { lost, leave } = await enter(redisTokenStore(failing, { prefix, leaseMs }));
      failures.push(new Error('connection is closed'));
      const impatient = AbortSignal.timeout(1.6 * leaseMs);
      await expect(other.store.lock(account, async () => 'in', impatient)).rejects.toThrow();
      expect([failures, lost.aborted]).toEqual([[], false]);
      await leave();
      expect(await other.command('EXISTS', keys().lock)).toBe(0);
      expect(await other.store.lock(account, async () => 'in', never)).toBe('in');
      expect(await other.command('EXISTS', keys().lock)).toBe(0);
    });

    test('a wait that is aborted ends at once, with the reason, and without a trace', async () => {
      const [holder, waiter] = [await open(), await open()];
      const { leave } = await enter(holder.store);
      const patience = new AbortController();
      const waiting = waiter.store
        .lock(account, async () => 'in', patience.signal)
        .catch((error: unknown) => error);
      await sleep(120);
      const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      const reason = new Error('enough');
      const before = timers();
      patience.abort(reason);
      // The lock is held all the time: nothing else ends the wait.
      expect(await waiting).toBe(reason);
      expect(timers()).toBeLessThanOrEqual(before);
      await leave();
      await sleep(50);
      expect(await holder.command('EXISTS', keys().lock)).toBe(0);
    });

    test('what critical threw comes through, and the lock is free', async () => {
      const { store, command } = await open();
      const thrown = new Error('in critical');
      await expect(store.lock(account, () => Promise.reject(thrown), never)).rejects.toBe(thrown);
      expect(await command('EXISTS', keys().lock)).toBe(0);
    });

    test.each([
      ['gone', undefined],
      ["another's", 'somebody-else'],
    ])('that is %s aborts lost; a newer set is not overwritten', async (_what, holder) => {
      const { client, command } = await open();
      // It is seen when the lease is renewed, long before it would end.
      const store = redisTokenStore(client, { prefix, leaseMs: 3 * leaseMs });
      await store.save(set('1'), account, undefined);
      const { lost, record, leave } = await enter(store);
      await record.write('1a2b3c4d presented');
      await (holder ? command('SET', keys().lock, holder) : command('DEL', keys().lock));
      const { ms } = await took(aborted(lost));
      expect(ms).toBeLessThan(3 * leaseMs);
      await command('SET', keys().tokens, JSON.stringify(set('newer')));
      await expect(store.save(set('2'), account, set('1'))).rejects.toThrow(TokenStoreConflict);
      expect(await store.load(account)).toEqual(set('newer'));
      await expect(record.write(undefined)).rejects.toThrow(/no longer this holder's/);
      expect(String(await command('GET', keys().record))).toBe('1a2b3c4d presented');
      await leave();
      // It releases nothing that it no longer has.
      expect((await command('GET', keys().lock)) ?? undefined).toEqual(holder);
    });

    test.each([
      ['gone', undefined],
      ["another's", 'somebody-else'],
    ])('that is %s does not stand, and that is known at once', async (_what, holder) => {
      const { store, command } = await open();
      const { lost, record, leave } = await enter(store);
      expect(await record.stands!()).toBe(true);
      await (holder ? command('SET', keys().lock, holder) : command('DEL', keys().lock));
      expect(await record.stands!()).toBe(false);
      expect(lost.aborted).toBe(true);
      expect((await command('GET', keys().lock)) ?? undefined).toEqual(holder);
      await leave();
    });

    test('that says it stands, in an answer that was read later than the lease lasts, does not', async () => {
      const { store, command } = await open();
      const { lost, record, leave } = await enter(store);
      const stands = record.stands!();
      // The question leaves in this turn; its answer lies in the socket while nothing is read.
      const untilMs = Date.now() + leaseMs + 100;
      await new Promise((resolve) => setImmediate(resolve));
      while (Date.now() < untilMs);
      await command('SET', keys().lock, 'somebody-else', 'NX');
      expect(await stands).toBe(false);
      expect(lost.aborted).toBe(true);
      await leave();
    });

    test("that is another's does not keep out what who lost it has redeemed the stored token for", async () => {
      const { store, command } = await open();
      await store.save(set('1'), account, undefined);
      const { leave } = await enter(store);
      await command('SET', keys().lock, 'somebody-else');
      // Its holder can only learn that this token is spent, and finds its successor then.
      await store.save(set('2'), account, set('1'));
      expect(await store.load(account)).toEqual(set('2'));
      expect(String(await command('GET', keys().lock))).toBe('somebody-else');
      await expect(store.save(set('3'), account, set('1'))).rejects.toThrow(/holds another token set/);
      await leave();
    });

    test("that is another's refuses the save of who lost it where the refresh token stays, though nothing has been saved since", async () => {
      const { store, command } = await open();
      const late = { ...set('1'), access_token: 'late' };
      await store.save(set('1'), account, undefined);
      const { lost, leave } = await enter(store);
      await command('SET', keys().lock, 'somebody-else');
      await expect(store.save(late, account, set('1'))).rejects.toThrow(/has another holder now/);
      // The refusal tells as much as a renewal would.
      expect(lost.aborted).toBe(true);
      expect(await store.load(account)).toEqual(set('1'));
      // Nobody has it any more: the comparison decides alone, and the only live pair is not left in memory.
      await command('DEL', keys().lock);
      await store.save(late, account, set('1'));
      expect(await store.load(account)).toEqual(late);
      await leave();
    });

    test('a set that cannot be compared is refused too, as long as another has the lock', async () => {
      const { store, command } = await open();
      const plain = (name: string): TokenSet => ({ access_token: name });
      await store.save(plain('1'), account, undefined);
      const { leave } = await enter(store);
      await command('SET', keys().lock, 'somebody-else');
      await expect(store.save(plain('2'), account, plain('1'))).rejects.toThrow(TokenStoreConflict);
      await leave();
      await command('DEL', keys().lock);
      // Who holds nothing, saves by comparison.
      await store.save(plain('2'), account, plain('1'));
      expect(await store.load(account)).toEqual(plain('2'));
    });

    test('the record of the lock is read by its next holder', async () => {
      const [one, two] = [await open(), await open()];
      const first = await enter(one.store);
      expect(await first.record.read()).toBeUndefined();
      await first.record.write('1a2b3c4d presented');
      await first.leave();
      await expect(first.record.write('late')).rejects.toThrow(/no longer this holder's/);
      const second = await enter(two.store);
      expect(await second.record.read()).toBe('1a2b3c4d presented');
      await second.record.write(undefined);
      expect(await second.record.read()).toBeUndefined();
      await second.leave();
      expect(await one.command('KEYS', `${prefix}*`)).toEqual([]);
    });
  });

  describe('a holder in another process', () => {
    test('that is killed: the next one gets the lock after the lease, not before, and what it remembers', async () => {
      const { store, command } = await open();
      const holder = startHolder(library, server!.url, prefix);
      await holder.next();
      holder.child.kill('SIGKILL');
      const { value, ms } = await took(
        (async () => {
          const leftMs = Number(await command('PTTL', keys().lock));
          return { leftMs, noted: await store.lock(account, async (_lost, record) => record!.read(), never) };
        })(),
      );
      expect(value.noted).toBe('1a2b3c4d presented');
      expect(ms).toBeGreaterThanOrEqual(value.leftMs - 10);
    });

    test('that was stopped for longer than its lease overwrites neither a newer pair nor what another works with', async () => {
      const { store } = await open();
      await store.save(set('1'), account, undefined);
      const holder = startHolder(library, server!.url, prefix);
      await holder.next();
      const save = (tokens: TokenSet) => holder.save({ tokens, previous: set('1') });
      const refused = { kind: 'refused', code: 'ERR_PROCORE_TOKEN_STORE_CONFLICT' };
      holder.child.kill('SIGSTOP');
      // It lies in its queue, so that it is the first that it does when it goes on. Only the lock tells that it is late.
      save({ ...set('1'), access_token: 'old' });
      await store.lock(
        account,
        async () => {
          const loaded = await store.load(account);
          const report = holder.next();
          holder.child.kill('SIGCONT');
          expect(await report).toMatchObject({
            ...refused,
            message: expect.stringContaining('has another holder now'),
          });
          await store.save(set('newer'), account, loaded);
        },
        never,
      );
      const report = holder.next();
      save(set('old'));
      expect(await report).toMatchObject({
        ...refused,
        lost: true,
        message: expect.stringContaining('holds another token set'),
      });
      expect(await store.load(account)).toEqual(set('newer'));
    });
  });
});

describe.skipIf(!own).each<Library>(['ioredis', 'redis'])('over %s, a server that', (library) => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => void rejections.push(reason);
  beforeAll(() => void process.on('unhandledRejection', onRejection));
  afterAll(() => void process.off('unhandledRejection', onRejection));
  const open = (options: RedisTokenStoreOptions = {}) => openPeer(library, own!.url, options);

  test('dies during the critical section and comes back empty: lost aborts, and the pair is kept where keys may vanish', async () => {
    const [holder, other] = [await open({ rowsMayVanish: true }), await open()];
    await holder.store.save(set('1'), account, undefined);
    const { lost, leave } = await enter(holder.store);
    own!.signal('SIGKILL');
    const saving = holder.store.save(set('2'), account, set('1')).catch((error: Error) => error);
    await sleep(300);
    expect(lost.aborted).toBe(false);
    await own!.restart();
    await aborted(lost);
    // Some clients refuse what was under way when the connection broke: then the package saves again.
    if (await saving) await holder.store.save(set('2'), account, set('1'));
    await leave();
    expect(await other.store.load(account)).toEqual(set('2'));
    expect(await other.store.lock(account, async () => 'in', never)).toBe('in');
    await other.store.remove(account);
    expect(rejections).toEqual([]);
  });

  test('does not answer for longer than the lease: lost aborts by itself, and an abort does not wait for an answer', async () => {
    const [holder, waiter] = [await open(), await open({ leaseMs: longLeaseMs })];
    const { lost, leave } = await enter(holder.store);
    own!.signal('SIGSTOP');
    try {
      // There is no answer until the server goes on: none of these waits for one.
      await aborted(lost);
      await waiter.store.lock(account, async () => 'in', AbortSignal.timeout(100)).catch(() => undefined);
      // Who has lost the lock waits for no release.
      await leave();
    } finally {
      own!.signal('SIGCONT');
    }
    // What the server was asked while it stood still has not left it locked.
    const { ms } = await took(waiter.store.lock(account, async () => 'in', never));
    expect(ms).toBeLessThan(longLeaseMs);
    expect(rejections).toEqual([]);
  });

  describe('is out of reach for one client', () => {
    async function two() {
      const line = await openLine(own!.port);
      ends.push(line.close);
      return { line, away: await openPeer(library, line.url, {}), here: await open() };
    }

    test('a save that the client keeps for later does not land on a newer pair', async () => {
      const { line, away, here } = await two();
      await here.store.save(set('1'), account, undefined);
      line.cut();
      await sleep(50);
      const late = away.store.save(set('old'), account, set('1')).catch((error: unknown) => error);
      await here.store.save(set('newer'), account, set('1'));
      await line.mend();
      expect(await late).toBeInstanceOf(TokenStoreConflict);
      expect(await here.store.load(account)).toEqual(set('newer'));
      await here.store.remove(account);
    });

    test('a lock that was asked for and given up is not held when the client is back', async () => {
      const { line, away, here } = await two();
      line.cut();
      await sleep(50);
      const waiting = away.store.lock(account, async () => 'in', AbortSignal.timeout(50));
      await expect(waiting).rejects.toThrow();
      await line.mend();
      // Behind what the client had kept.
      await away.command('PING');
      await sleep(20);
      expect(await here.command('EXISTS', keysOf('axios-procore:', account).lock)).toBe(0);
      expect(rejections).toEqual([]);
    });

    test('a lock that is held stays held over a short break', async () => {
      const { line, away, here } = await two();
      const { lost, leave } = await enter(away.store);
      line.cut();
      await sleep(leaseMs / 2);
      await line.mend();
      const patience = AbortSignal.timeout(leaseMs);
      await expect(here.store.lock(account, async () => 'in', patience)).rejects.toThrow();
      expect(lost.aborted).toBe(false);
      await leave();
      expect(rejections).toEqual([]);
    });
  });
});

describe.skipIf(!own)('a Redis Cluster', () => {
  test('has all keys of an account on one node: both libraries save, lock and remember', async () => {
    const cluster = (await startOwnRedis([
      '--cluster-enabled',
      'yes',
      '--cluster-announce-ip',
      '127.0.0.1',
    ]))!;
    ends.push(() => void cluster.stop());
    const admin = new Redis(cluster.url);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
    admin.disconnect();
    const ioredis = new Cluster([{ host: '127.0.0.1', port: cluster.port }], { scaleReads: 'slave' });
    const nodeRedis = createCluster({ rootNodes: [{ url: cluster.url }], useReplicas: true });
    await nodeRedis.connect();
    ends.unshift(
      () => ioredis.disconnect(),
      () => nodeRedis.destroy(),
    );
    for (const store of [redisTokenStore(ioredis), redisTokenStore(nodeRedis)]) {
      for (const name of ['default', '', '{a}b', '}{']) {
        await store.save(set('1'), name, undefined);
        const recalled = await store.lock(
          name,
          async (_lost, record) => {
            await record!.write('1a2b3c4d presented');
            await store.save(set('2'), name, await store.load(name));
            return record!.read();
          },
          never,
        );
        expect([recalled, await store.load(name)]).toEqual(['1a2b3c4d presented', set('2')]);
        await store.remove(name);
        expect(await store.load(name)).toBeUndefined();
      }
    }
  });
});

test.skipIf(!own)('a server that takes no scripts is an error that quotes nothing', async () => {
  const strict = (await startOwnRedis(['--rename-command', 'EVAL', '']))!;
  const client = new Redis(strict.url);
  ends.push(
    () => client.disconnect(),
    () => void strict.stop(),
  );
  const saving = redisTokenStore(client).save(set('secret'), account, undefined);
  await expect(saving).rejects.toThrow(
    /^Redis failed at axios-procore:\{default\}:tokens: ReplyError: ERR unknown command 'eval'$/,
  );
});

describe.skipIf(!server)('clients that map replies to other types', () => {
  test.each([
    ['ioredis with stringNumbers', () => new Redis(server!.url, { stringNumbers: true })],
    ['redis with buffers', () => createClient({ url: server!.url }).withTypeMapping({ 36: Buffer })],
    ['redis with RESP 2', () => createClient({ url: server!.url, RESP: 2 })],
    ['a pool of redis', () => createClientPool({ url: server!.url })],
  ])('%s', async (_what, create) => {
    const client = create();
    if (!(client instanceof Redis)) await client.connect();
    const store = redisTokenStore(client, { prefix: `axios-procore-test:${randomUUID()}:` });
    await store.save(set('1'), account, undefined);
    const recalled = await store.lock(
      account,
      async (_lost, record) => {
        await record!.write('1a2b3c4d presented');
        await store.save(set('2'), account, set('1'));
        return record!.read();
      },
      never,
    );
    expect([recalled, await store.load(account)]).toEqual(['1a2b3c4d presented', set('2')]);
    await store.remove(account);
    if (client instanceof Redis) client.disconnect();
    else client.destroy();
  });
});

describe('what redisTokenStore takes', () => {
  /** Never called: that it compiles says that clients fit as they are. */
  const accepted = (): RedisClient[] => [
    new Redis(),
    new Redis({ stringNumbers: true }),
    new Cluster([]),
    createClient(),
    createClient({ RESP: 2 }),
    createClient({ RESP: 3, commandOptions: { timeout: 1_000 } }),
    createClientPool(),
    createCluster({ rootNodes: [] }),
    createSentinel({ name: 'main', sentinelRootNodes: [] }),
  ];
  const client = () => redisTokenStore(new Redis({ lazyConnect: true }));

  test('a client of either library, and says so otherwise', () => {
    expect(accepted).toBeTypeOf('function');
    expect(client).not.toThrow();
    for (const made of [createClient(), createClientPool(), createCluster({ rootNodes: [] })])
      expect(() => redisTokenStore(made)).not.toThrow();
    const evalOnly = { eval: () => undefined, evalsha: () => undefined };
    for (const wrong of [undefined, null, 'redis://x', {}, evalOnly, new Map()])
      expect(() => redisTokenStore(wrong as never)).toThrow(
        /^redisTokenStore: client takes a client of ioredis/,
      );
  });

  test.each<[string, object, RegExp]>([
    [
      'a prefix with braces',
      { prefix: 'a{b}' },
      /"prefix" is a string of length 4; it takes a text without \{ and \}/,
    ],
    ['a prefix that is no text', { prefix: 7 }, /"prefix" is 7 \(number\); it takes a text/],
    [
      'a lease of no length',
      { leaseMs: 0 },
      /"leaseMs" is 0 \(number\); it takes whole milliseconds from 1000 to 3600000/,
    ],
    ['a lease in seconds', { leaseMs: 10 }, /"leaseMs" is 10 \(number\); it takes/],
    ['an option that there is not', { ttl: 1 }, /"ttl" does not exist/],
  ])('%s is a TypeError', (_what, options, message) => {
    const make = () => redisTokenStore(new Redis({ lazyConnect: true }), options);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});
