import { isPromise } from '../../text/words.js';

/** The part of an `ioredis` client (`Redis` or `Cluster`, 5 or later) that the store uses. */
export interface IoredisClient {
  /** Only its presence is checked, to recognise the library; it is never called. */
  readonly defineCommand: unknown;
  eval(script: string, numkeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** The part of a `redis` client (node-redis: client, pool, cluster or sentinel, 4 or later) that the store uses. */
export interface NodeRedisClient {
  /** Only its presence is checked, to recognise the library; it is never called. */
  readonly evalSha: unknown;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client of either library. The application connects it, listens to its `error` events and ends it. */
export type RedisClient = IoredisClient | NodeRedisClient;

/**
 * Runs a Lua script on the server atomically, on the primary even where a cluster client reads from replicas. Rejects with an `Error` that
 * quotes no argument.
 */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args?: readonly string[],
) => Promise<unknown>;

/** The function that runs scripts on this client; undefined for a client of neither library. */
export function scriptRunner(client: unknown): RunScript | undefined {
  const evaluate = evaluatorOf(client);
  return (
    evaluate &&
    (async (script, keys, args = []) => {
      try {
        const reply: unknown = evaluate(script, [...keys], [...args]);
        // Without a promise the command may not have run yet, and its missing reply would look like an empty store.
        if (!isPromise(reply)) throw new Error('the client gives no promise, so that nobody knows its reply');
        return await reply;
      } catch (error) {
        throw new Error(`Redis failed at ${keys[0]}: ${wordsOf(error)}`);
      }
    })
  );
}

/**
 * True for a client whose commands take callbacks and return no promise: of redis 3 or older, of a later version in legacy mode, or the
 * result of its `legacy()`.
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
  // Other libraries have an `eval` as well, with another order of arguments. So the library is recognised by a further method.
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

/** The messages of both libraries for a client that is closed and will not connect again by itself. */
const isClosed = /^(ClientClosedError|ClientOfflineError)\b|Connection is closed|client is closed/i;

/**
 * The message of a client's error, for an error of the store. The error itself is not used as its cause, because ioredis puts the command
 * with all arguments on it, tokens included.
 */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the client rejected with something else than an Error';
  // A connection that was tried over IPv6 and IPv4 fails with an AggregateError whose message is empty; only its code says something.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  // A server that refuses a command may quote its arguments in the message: they are cut off.
  const [message = ''] = error.message.split(', with args');
  if (isClosed.test(`${error.name} ${message}`))
    return `${error.name}: the client is closed, or was never connected. Await its connect() before the first call, and close it after procore.idle()`;
  return message ? `${error.name}: ${message}` : code;
}

/** A reply as text (some clients return Buffers); undefined for nil. */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined;
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  return typeof reply === 'string' ? reply : undefined;
}
