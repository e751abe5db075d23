import { keepOpen, type Connection } from '../keep-open.js';

/** How a client of one library listens to a channel, over a connection of its own. */
export interface Subscriber {
  /** Whether the channel belongs to one node of a cluster (`SSUBSCRIBE`), so that this node can count who listens. */
  readonly isSharded: boolean;
  /** The number of the client's database, because a channel is one for all databases of a server. */
  database(): Promise<number>;
  /**
   * Calls `heard` with each message of the channel that `channel` resolves with, until the function that it returns is called, or the application has closed its client. Connects again
   * by itself, and does not keep the process alive.
   */
  subscribe(channel: Channel, heard: (message: string) => void): () => void;
}

type Channel = () => Promise<string>;
type Connect = (channel: Channel, heard: (message: string) => void) => Connection;

interface IoredisLike extends Emitter {
  readonly status?: unknown;
  readonly stream?: { unref?: () => void };
  readonly options?: { readonly db?: number };
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
  const connect: Connect = (channel, heard) => {
    // A connection that only listens waits for the server as long as it takes.
    const waits = { lazyConnect: false, maxRetriesPerRequest: null, enableOfflineQueue: true };
    const own = isSharded
      ? client.duplicate([], { lazyConnect: false, shardedSubscribers: true })
      : client.duplicate(waits);
    own.on('error', quiet);
    own.on('connect', () => own.stream?.unref?.());
    own.on(isSharded ? 'smessage' : 'message', (_channel: string, message: string) => heard(message));
    const listen = async () => void (await own[isSharded ? 'ssubscribe' : 'subscribe'](await channel()));
    own.on('ready', () => void listen().catch(() => own.disconnect()));
    return { isClosed: () => own.status === 'end', close: () => own.disconnect() };
  };
  return {
    isSharded,
    database: async () => client.options?.db ?? 0,
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
      await own[isSharded ? 'sSubscribe' : 'subscribe'](await channel(), heard);
      if (isClosed) close();
    };
    open().catch(close);
    return { isClosed: () => isClosed || own?.isOpen === false, close };
  };
  return {
    isSharded,
    async database() {
      // A pool shows the options of its clients by these only.
      const { options } = client.execute ? await client.execute((one) => one) : client;
      return options?.database ?? 0;
    },
    subscribe: (...to) =>
      keepOpen(
        () => client.isOpen !== false,
        () => connect(...to),
      ),
  };
}
