import { isPromise } from '../../text/words.js';

/** As much of an `ioredis` client (`Redis` or `Cluster`, 5 or later) as the store needs. */
export interface IoredisClient {
  /** Tells it from others; never called. */
  readonly defineCommand: unknown;
  eval(script: string, numkeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** As much of a `redis` client (node-redis: client, pool, cluster or sentinel, 4 or later) as the store needs. */
export interface NodeRedisClient {
  /** Tells it from others; never called. */
  readonly evalSha: unknown;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client of either library; connecting it, its `error` listener and its end are the application's. */
export type RedisClient = IoredisClient | NodeRedisClient;

/**
 * Runs a Lua script on the server: all of it or nothing, and on the primary even where a cluster client reads from replicas.
 * Rejects with an `Error` that quotes no argument.
 */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args?: readonly string[],
) => Promise<unknown>;

/** How scripts are run on this client, or undefined if it is neither library's. */
export function scriptRunner(client: unknown): RunScript | undefined {
  const evaluate = evaluatorOf(client);
  return (
    evaluate &&
    (async (script, keys, args = []) => {
      try {
        const reply: unknown = evaluate(script, [...keys], [...args]);
        // What was not waited for may not have happened, and a reply that is missed looks like an empty store.
        if (!isPromise(reply)) throw new Error('the client gives no promise, so that nobody knows its reply');
        return await reply;
      } catch (error) {
        throw new Error(`Redis failed at ${keys[0]}: ${wordsOf(error)}`);
      }
    })
  );
}

/**
 * True for a client of redis 3 or older, for a later one in legacy mode, and for what its `legacy()` returns: their commands take callbacks,
 * and return no promise.
 */
export function isCallbackClient(client: unknown): boolean {
  if (!offers(client, 'eval')) return false;
  const { options, constructor } = client as {
    options?: { legacyMode?: unknown };
    constructor?: { name?: unknown };
  };
  if (options?.legacyMode === true || offers(client, 'internal_send_command')) return true;
  return constructor?.name === 'RedisLegacyClient';
}

type Evaluate = (script: string, keys: string[], args: string[]) => Promise<unknown>;

function evaluatorOf(client: unknown): Evaluate | undefined {
  if (!offers(client, 'eval') || isCallbackClient(client)) return undefined;
  // Other clients have an `eval` and an `evalsha` too, with yet another order of arguments.
  if (offers(client, 'defineCommand')) {
    const ioredis = client as unknown as IoredisClient;
    return (script, keys, args) => ioredis.eval(script, keys.length, ...keys, ...args);
  }
  if (offers(client, 'evalSha')) {
    const nodeRedis = client as unknown as NodeRedisClient;
    return (script, keys, args) => nodeRedis.eval(script, { keys, arguments: args });
  }
  return undefined;
}

function offers(client: unknown, name: string): client is Record<string, unknown> {
  return (
    typeof client === 'object' &&
    client !== null &&
    typeof (client as Record<string, unknown>)[name] === 'function'
  );
}

/** How the libraries say that a client has no connection, and will have none by itself. */
const isClosed = /^(ClientClosedError|ClientOfflineError)\b|Connection is closed|client is closed/i;

/** ioredis puts the command with its arguments, tokens included, on its errors: they must not travel on as a cause. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the client rejected with something else than an Error';
  // A connection tried over IPv6 and IPv4 fails with an AggregateError that says nothing but its code.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  // A server that refuses a command may quote it.
  const [message = ''] = error.message.split(', with args');
  if (isClosed.test(`${error.name} ${message}`))
    return `${error.name}: the client is closed, or was never connected. Await its connect() before the first call, and close it after procore.idle()`;
  return message ? `${error.name}: ${message}` : code;
}

/** A reply as text, whatever types the client maps replies to; undefined for nil. */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined;
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  return typeof reply === 'string' ? reply : undefined;
}
