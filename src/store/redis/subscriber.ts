import { keepOpen, type Connection } from '../keep-open.js';

/** How a client of one library listens to a channel, over a connection of its own. */
export interface Subscriber {
  /** Whether the channel belongs to one node of a cluster (`SSUBSCRIBE`), so that this node can count who listens. */
  readonly isSharded: boolean;
  /** What distinguishes the client's keys from those of others on the same server, because a channel knows neither databases nor key prefixes. */
  readonly space: string;
  /**
   * Calls `heard` with each message until the function that it returns is called, or the application has closed its client. Connects again
   * by itself, and does not keep the process alive.
   */
  subscribe(channel: string, heard: (message: string) => void): () => void;
}

type Connect = (channel: string, heard: (message: string) => void) => Connection;

interface IoredisLike extends Emitter {
  readonly status?: unknown;
  readonly stream?: { unref?: () => void };
  readonly options?: { readonly keyPrefix?: string; readonly db?: number };
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
  ssubscribe(channel: string): Promise<unknown>;
  duplicate(...overrides: unknown[]): IoredisLike;
}
interface NodeRedisLike extends Emitter {
  readonly isOpen?: boolean;
  readonly options?: { readonly database?: number };
  connect(): Promise<unknown>;
  destroy?: () => unknown;
  disconnect?: () => unknown;
  unref?: () => void;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  sSubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  duplicate(): NodeRedisLike;
  /** A pool has it, and no `duplicate`. */
  execute?: <T>(work: (client: NodeRedisLike) => T) => Promise<T>;
}
interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
}

const quiet = () => undefined;

/** How this client listens; undefined where it offers no further connection. */
export function subscriberOf(client: unknown): Subscriber | undefined {
  const has = (name: string) => typeof (client as Record<string, unknown>)[name] === 'function';
  if (has('defineCommand') && has('duplicate')) return ofIoredis(client as IoredisLike);
  if (has('evalSha') && (has('duplicate') || has('execute'))) return ofNodeRedis(client as NodeRedisLike);
  return undefined;
}

function ofIoredis(client: IoredisLike): Subscriber {
  const isSharded = 'isCluster' in client && client.isCluster === true;
  const { keyPrefix = '', db = 0 } = client.options ?? {};
  const connect: Connect = (channel, heard) => {
    // A connection that only listens waits for the server as long as it takes.
    const waits = { lazyConnect: false, maxRetriesPerRequest: null, enableOfflineQueue: true };
    const own = isSharded
      ? client.duplicate([], { lazyConnect: false, shardedSubscribers: true })
      : client.duplicate(waits);
    own.on('error', quiet);
    own.on('connect', () => own.stream?.unref?.());
    own.on(isSharded ? 'smessage' : 'message', (_channel: string, message: string) => heard(message));
    own.on('ready', () => void own[isSharded ? 'ssubscribe' : 'subscribe'](channel).catch(quiet));
    return { isClosed: () => own.status === 'end', close: () => own.disconnect() };
  };
  return {
    isSharded,
    space: `${keyPrefix}${db}`,
    subscribe: (...to) =>
      keepOpen(
        () => client.status !== 'end',
        () => connect(...to),
      ),
  };
}

function ofNodeRedis(client: NodeRedisLike): Subscriber {
  const isSharded = 'masters' in client && 'slots' in client;
  const connect: Connect = (channel, heard) => {
    let own: NodeRedisLike | undefined;
    let isClosed = false;
    const close = () => {
      isClosed = true;
      // Version 4 has no `destroy`. Either may throw, or reject, where there is no connection yet.
      void Promise.resolve()
        .then(() => (own?.destroy ? own.destroy() : own?.disconnect?.()))
        .catch(quiet);
    };
    const open = async () => {
      own =
        typeof client.duplicate === 'function'
          ? client.duplicate()
          : await client.execute!((one) => one.duplicate());
      own.on('error', quiet);
      own.unref?.();
      if (isClosed) return;
      await own.connect();
      await own[isSharded ? 'sSubscribe' : 'subscribe'](channel, heard);
      if (isClosed) close();
    };
    open().catch(close);
    return { isClosed: () => isClosed || own?.isOpen === false, close };
  };
  return {
    isSharded,
    space: String(client.options?.database ?? 0),
    subscribe: (...to) =>
      keepOpen(
        () => client.isOpen !== false,
        () => connect(...to),
      ),
  };
}
