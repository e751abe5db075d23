/**
 * Tokens in Redis. `docs/stores.md` explains it.
 *
 * @module axios-procore/stores/redis
 */

import { wrongOptions, type Field } from '../text/fields.js';
import { markOwnStore } from './own.js';
import { scriptRunner, textOf, type RedisClient } from './redis/client.js';
import { defaultPrefix, prefixField, runnerOn } from './redis/given.js';
import { keysOf, type AccountKeys } from './redis/keys.js';
import { createRedisNotices } from './redis/notices.js';
import { subscriberOf } from './redis/subscriber.js';
import { acquireLease, type LockLease, type LeaseCommands } from './redis/lease.js';
import {
  acquireScript,
  noteScript,
  readScript,
  recallScript,
  releaseScript,
  removeScript,
  renewScript,
  replaceScript,
} from './redis/scripts.js';
import { obstacleTo, type Obstacle } from './replaces.js';
import { TokenStoreConflict, type LockRecord, type TokenSet, type TokenStore } from './store.js';

export type { IoredisClient, NodeRedisClient, RedisClient } from './redis/client.js';

/** Options of {@link redisTokenStore}. */
export interface RedisTokenStoreOptions {
  /**
   * The prefix of all keys; any text without braces. Applications that share a Redis server and use different Procore clients need
   * different prefixes.
   * @default 'axios-procore:'
   */
  prefix?: string | undefined;
  /**
   * How long the lock of a process that died stays held, in milliseconds: 1000 to 3600000. The holder renews the lock each fifth of this
   * time. A process that is stopped for longer, by a debugger or a blocked event loop, loses its lock.
   * @default 4_000
   */
  leaseMs?: number | undefined;
  /**
   * True where Redis evicts keys: a key that is missing is then written anew from memory. Otherwise a missing key means that somebody has
   * deleted it, and its account needs a new authorization.
   * @default false
   */
  rowsMayVanish?: boolean | undefined;
}

/** A token store in Redis. */
export interface RedisTokenStore extends TokenStore {
  load(account: string): Promise<TokenSet | undefined>;
  save(tokens: TokenSet, account: string, previous: TokenSet | undefined): Promise<void>;
  lock<T>(
    account: string,
    critical: (lost?: AbortSignal, record?: LockRecord) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** Deletes the account's tokens, even where their key contains something else, and the record of its lock. */
  remove(account: string): Promise<void>;
  renewsLock: true;
  readsAreFresh: true;
}

const expected = 'a token set as JSON, { "access_token": …, "refresh_token": …, … }';
const longestLeaseMs = 3_600_000;

const fields: Record<keyof RedisTokenStoreOptions, Field> = {
  prefix: prefixField,
  leaseMs: [
    (value) => Number.isInteger(value) && Number(value) >= 1_000 && Number(value) <= longestLeaseMs,
    `whole milliseconds from 1000 to ${longestLeaseMs}`,
  ],
  rowsMayVanish: [(value) => typeof value === 'boolean', 'true or false'],
};

/**
 * Keeps the tokens of each account in Redis, with a lock that renews itself while it is held. `client` is a connected client of `ioredis`
 * or `redis`; the store imports neither.
 *
 * Operations reject with an `Error` that names the key and quotes no value. `save` also rejects with `TokenStoreConflict`.
 *
 * @throws TypeError for a client or an option that cannot be used.
 * @example
 * const store = redisTokenStore(new Redis(process.env.REDIS_URL!));
 * attachProcore(instance, { clientId, clientSecret, store });
 */
export function redisTokenStore(client: RedisClient, options: RedisTokenStoreOptions = {}): RedisTokenStore {
  const run = runnerOn(client, 'redisTokenStore', scriptRunner);
  const { prefix, leaseMs, rowsMayVanish } = checked(options);
  const subscriber = subscriberOf(client);
  const keysFor = (account: string) => keysOf(prefix, account);
  /** The locks that this store holds. */
  const held = new Map<string, LockLease>();

  /** The stored set, and the hash of the value that it was read from. */
  async function read({ tokens }: AccountKeys): Promise<{ set: TokenSet; hash: string } | undefined> {
    let reply: unknown;
    try {
      reply = await run(readScript, [tokens]);
    } catch (error) {
      throw error instanceof Error && error.message.includes('WRONGTYPE') ? unreadable(tokens) : error;
    }
    if (reply === null || reply === undefined) return undefined;
    const [value, hash] = (Array.isArray(reply) ? reply : []).map(textOf);
    const set = parse(value);
    if (!set || hash === undefined) throw unreadable(tokens);
    return { set, hash };
  }

  function leaseCommands({ lock }: AccountKeys): LeaseCommands {
    const ask = async (script: string, ...args: string[]) => textOf(await run(script, [lock], args));
    return {
      acquire: async (id) => (await ask(acquireScript, id, String(leaseMs))) === 'held',
      renew: async (id) => (await ask(renewScript, id, String(leaseMs))) === 'held',
      release: async (id) => void (await ask(releaseScript, id)),
    };
  }

  function recordOf({ record, lock }: AccountKeys, lease: LockLease): LockRecord {
    return {
      read: async () => textOf(await run(recallScript, [record])),
      async write(text) {
        const args = text === undefined ? [lease.id] : [lease.id, text];
        if (textOf(await run(noteScript, [record, lock], args)) === 'written') return;
        lease.lose();
        throw new Error(`The lock ${lock} is no longer this holder's: its record was left as it is.`);
      },
      stands: lease.stands,
    };
  }

  return markOwnStore({
    async load(account) {
      return (await read(keysFor(account)))?.set;
    },

    /**
     * A save may run long after it was requested: when a process that was stopped continues, or when a client that queues commands is
     * connected again. Two checks keep a late save from overwriting a newer pair.
     *
     * The comparison: the stored set must be the one that this save replaces, and must not have been deleted. It holds for every save, with
     * or without a lock, and is the only check when the lock has expired and nobody else holds it.
     *
     * The fence, for sets that the comparison cannot tell apart: those without a refresh token, those of servers that do not rotate
     * refresh tokens, and those whose key was evicted. Such a save sends the identifier of its lock, and is refused while the lock has
     * another holder. A set with another refresh token than the stored one is not refused: it is what a process that was stopped has
     * redeemed the stored token for, and the holder, who can only learn that this token is spent, has to find it.
     */
    async save(tokens, account, previous) {
      const keys = keysFor(account);
      const value = JSON.stringify(tokens);
      const lease = held.get(account);
      const stored = await read(keys);
      const obstacle = obstacleTo(tokens, stored?.set, previous);
      if (obstacle === 'another' || (obstacle === 'gone' && !rowsMayVanish)) throw conflict(keys, obstacle);
      const isSuccessor =
        stored !== undefined &&
        Boolean(tokens.refresh_token) &&
        tokens.refresh_token !== stored.set.refresh_token;
      const args = [value, stored?.hash ?? '', isSuccessor ? '' : (lease?.id ?? '')];
      const outcome = textOf(await run(replaceScript, [keys.tokens, keys.lock], args));
      if (outcome === 'saved') return;
      if (outcome !== 'fenced') throw conflict(keys, 'another');
      lease?.lose();
      throw new TokenStoreConflict(`The lock ${keys.lock} has another holder now: nothing was saved.`);
    },

    async lock(account, critical, signal) {
      const keys = keysFor(account);
      const lease = await acquireLease(leaseCommands(keys), leaseMs, signal);
      held.set(account, lease);
      const end = () => {
        // If this lock was lost, another lock of this process may be registered for the account by now. That one stays.
        if (held.get(account) === lease) held.delete(account);
        return lease.end();
      };
      let result;
      try {
        result = await critical(lease.lost, recordOf(keys, lease));
      } catch (error) {
        await end().catch(() => undefined);
        throw error;
      }
      await end();
      return result;
    },

    async remove(account) {
      const { tokens, record } = keysFor(account);
      await run(removeScript, [tokens, record]);
    },

    renewsLock: true,
    readsAreFresh: true,
    ...(subscriber ? { notices: createRedisNotices(run, subscriber, prefix) } : {}),
    ...(rowsMayVanish ? { rowsMayVanish } : {}),
  });
}

/** The token set in a stored text; undefined for anything else. The parser's own error is dropped, because it quotes the text. */
function parse(value: string | undefined): TokenSet | undefined {
  try {
    const parsed: unknown = JSON.parse(value ?? '');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as TokenSet)
      : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(key: string): Error {
  return new Error(
    `The Redis key ${key} cannot be used. Expected: ${expected}. ` +
      'It is left as it is: put a good value in its place, or delete the key and authorize the account anew.',
  );
}

function conflict({ tokens }: AccountKeys, obstacle: Obstacle): TokenStoreConflict {
  const what =
    obstacle === 'gone'
      ? 'is gone, with the token set that this save replaces: it is not written anew.'
      : 'holds another token set than the one that this save replaces.';
  return new TokenStoreConflict(`The Redis key ${tokens} ${what}`);
}

function checked(options: RedisTokenStoreOptions): Required<RedisTokenStoreOptions> {
  const wrong = wrongOptions('redisTokenStore', options, '{ prefix, leaseMs, rowsMayVanish }', {
    known: fields,
  });
  if (wrong !== undefined) throw new TypeError(wrong);
  const { prefix = defaultPrefix, leaseMs = 4_000, rowsMayVanish = false } = options;
  return { prefix, leaseMs, rowsMayVanish };
}
