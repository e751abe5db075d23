import { createAwakeTime } from '../../time/awake.js';
import { unlessAborted } from './slots.js';

/** A connection as `pg`'s pool lends it: of its `PoolClient` the part that is used. */
export interface PostgresClient {
  /** Several statements in one text, without values, answer with an array. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  removeListener(event: 'error' | 'end', listener: (error: Error) => void): unknown;
  /** With `true` the connection is closed instead of being kept. */
  release(destroy?: boolean): void;
}

/** A `Pool` of `pg`: of it the part that is used. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  readonly options?: { readonly max?: number | undefined } | undefined;
}

export type Row = Readonly<Record<string, unknown>>;
/** Sends one statement, or several in one text; resolves with the rows of the last. */
export type Query = (text: string, values?: unknown[]) => Promise<Row[]>;

/** A connection on loan from the pool. */
export interface Session {
  readonly query: Query;
  /** Aborts when the connection has gone; it has left the pool by then. */
  readonly broken: AbortSignal;
  /** Gives the connection back for others. */
  release(): void;
  /** Closes it, and with it whatever it holds. */
  destroy(): void;
}

/**
 * A statement that has no answer by then never gets one: none of ours waits for long, and a network that went away without a word is
 * noticed by neither side for a quarter of an hour.
 */
const answerMs = 10_000;

/**
 * Takes a connection out of the pool. `over` is called once: when the connection has been given back, or when there is none.
 * Rejections have gone through `told`, but for the signal's reason.
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
    // The listeners stay: the end of a broken connection may be another error, and one without a listener ends the process.
    client.release(true);
    over();
  };
  const onError = (error: Error) => breakOff(told(error));
  const onEnd = () => breakOff(told(new Error('it was closed')));
  client.on('error', onError);
  client.on('end', onEnd);

  async function answerTo(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
    let stop = () => {};
    // What a process that was stopped has in its socket is read first: with the connection its lock would go.
    const silence = new Promise<never>((_resolve, reject) => {
      stop = awakeTime.start(answerMs, false, () => {
        const error = new Error(`no answer in ${answerMs} ms`);
        breakOff(told(error));
        reject(error);
      });
    });
    try {
      // A query that throws must not leave the other side of the race alone.
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
    // A pool knows no abort: what it gives too late goes back at once.
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
