import { createAwakeTime } from '../../time/awake.js';
import { unlessAborted } from './slots.js';

/** The part of a `PoolClient` of `pg` that is used. */
export interface PostgresClient {
  /** A text with several statements, which cannot have values, resolves with an array of results. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  /** Tells of a connection that breaks. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Tells of a connection that has ended. */
  on(event: 'end', listener: () => void): unknown;
  /** Takes a listener away. */
  removeListener(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  /** With `true` the connection is closed instead of being kept. */
  release(destroy?: boolean): void;
}

/** The part of a `Pool` of `pg` that is used. */
export interface PostgresPool {
  /** Takes a connection out of the pool, or makes one. */
  connect(): Promise<PostgresClient>;
  /** `max` is how many connections the pool has at most. */
  readonly options?: { readonly max?: number | undefined } | undefined;
}

type Row = Readonly<Record<string, unknown>>;
/** Sends a text with one or several statements; resolves with the rows of the last one. */
export type Query = (text: string, values?: unknown[]) => Promise<Row[]>;

/** A connection that is borrowed from the pool. */
export interface Session {
  readonly query: Query;
  /** Aborts when the connection has broken and was removed from the pool. */
  readonly broken: AbortSignal;
  /** Returns the connection to the pool. */
  release(): void;
  /** Closes the connection, which ends its locks and its transaction. */
  destroy(): void;
}

/**
 * After this time without an answer the connection is closed. None of the store's statements takes long, and without a timeout a network
 * that broke without notice would not be detected for about a quarter of an hour.
 */
const answerMs = 10_000;

/**
 * Borrows a connection from the pool. Calls `over` once: when the connection was returned, or when none could be had. `told` converts the
 * errors of the driver with which it rejects; it rejects with the reason of the signal unconverted.
 */
export async function openSession(
  pool: PostgresPool,
  told: (thrown: unknown) => Error,
  { signal, over = () => {} }: { signal?: AbortSignal; over?: () => void } = {},
): Promise<Session> {
  const client = await connect(pool, told, signal, over);
  const broken = new AbortController();
  const awakeTime = createAwakeTime();
  let lent = true;
  const breakOff = (error: Error) => {
    if (!lent) return;
    lent = false;
    broken.abort(error);
    // The listeners are kept: a broken connection may emit another `error` event, which ends the process if nobody listens.
    client.release(true);
    over();
  };
  const onError = (error: Error) => breakOff(told(error));
  const onEnd = () => breakOff(told(new Error('it was closed')));
  client.on('error', onError);
  client.on('end', onEnd);

  async function answerTo(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
    let stop = () => {};
    // Measured in awake time, so that a process that was stopped first reads an answer that has arrived: closing would lose the lock.
    const silence = new Promise<never>((_resolve, reject) => {
      stop = awakeTime.start(answerMs, false, () => {
        const error = new Error(`no answer in ${answerMs} ms`);
        breakOff(told(error));
        reject(error);
      });
    });
    try {
      // A `query` that throws synchronously becomes a rejection, so that `silence` is always part of the race and its rejection handled.
      return await Promise.race([Promise.resolve().then(() => client.query(text, values)), silence]);
    } finally {
      stop();
    }
  }

  return {
    broken: broken.signal,
    async query(text, values) {
      if (!lent) throw broken.signal.reason ?? new Error('The connection has been given back.');
      const result = await answerTo(text, values).catch((error: unknown) => Promise.reject(told(error)));
      return [result].flat().at(-1)!.rows as Row[];
    },
    release() {
      if (!lent) return;
      lent = false;
      client.removeListener('error', onError);
      client.removeListener('end', onEnd);
      client.release();
      over();
    },
    destroy: () => breakOff(new Error('The connection was given up.')),
  };
}

async function connect(
  pool: PostgresPool,
  told: (thrown: unknown) => Error,
  signal: AbortSignal | undefined,
  over: () => void,
): Promise<PostgresClient> {
  const connecting = Promise.resolve()
    .then(() => pool.connect())
    .catch((error: unknown) => {
      over();
      throw told(error);
    });
  if (!signal) return connecting;
  try {
    return await unlessAborted(connecting, signal);
  } catch (error) {
    // The pool's `connect` cannot be aborted, so a connection that comes after the abort is returned at once.
    if (signal.aborted) {
      connecting.then(
        (client) => {
          client.release();
          over();
        },
        () => undefined,
      );
    }
    throw error;
  }
}
