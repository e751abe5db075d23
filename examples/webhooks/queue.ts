import { setTimeout as sleep } from 'node:timers/promises';
import { problemOf } from 'axios-procore';
import type { Pool } from 'pg';

/**
 * The table. Its key makes a delivery that comes twice one event. An event that was carried out stays, so that a late repetition is known:
 * delete those of last month now and then. One that was given up has `failed_at`, and stays until somebody looks at it.
 */
export const schema = `CREATE TABLE IF NOT EXISTS procore_events (
  id         text PRIMARY KEY,
  body       text NOT NULL,
  attempts   integer NOT NULL DEFAULT 0,
  due_at     timestamptz NOT NULL DEFAULT now(),
  done_at    timestamptz,
  failed_at  timestamptz,
  last_error text
);
CREATE INDEX IF NOT EXISTS procore_events_due ON procore_events (due_at)
  WHERE done_at IS NULL AND failed_at IS NULL`;

/** A process that dies leaves its event to the others after this time, which is more than {@link createQueue}'s work may take. */
const take = `UPDATE procore_events SET attempts = attempts + 1, due_at = now() + interval '5 minutes'
  WHERE id = (SELECT id FROM procore_events
              WHERE done_at IS NULL AND failed_at IS NULL AND due_at <= now()
              ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING id, body, attempts`;

interface Taken {
  id: string;
  body: string;
  attempts: number;
}

/** A queue that survives the process, and that several processes may share. */
export interface Queue {
  /** Resolves when the event is on disk, or was there already. */
  add(id: string, body: string): Promise<void>;
  /** Ends the work: the event that is under way is given back, unless it ends well in spite of the abort. */
  stop(): Promise<void>;
}

/**
 * Carries out the events of the table, one after the other.
 *
 * @param work gets the body of an event. It rejects where the event is to be tried again, and ends early when `signal` is aborted.
 */
export function createQueue(pool: Pool, work: (body: string, signal: AbortSignal) => Promise<void>): Queue {
  const stopping = new AbortController();
  let pausing = new AbortController();

  async function carryOut({ id, body, attempts }: Taken): Promise<void> {
    try {
      await work(body, stopping.signal);
      await pool.query('UPDATE procore_events SET done_at = now(), last_error = NULL WHERE id = $1', [id]);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const dueAt = stopping.signal.aborted ? new Date() : nextTry(error, attempts, new Date());
      if (dueAt)
        console.warn(`Event ${id}, attempt ${attempts}: ${message}; again at ${dueAt.toISOString()}`);
      else console.error(`Event ${id} is given up after ${attempts} attempts: ${message}`);
      const [column, at] = dueAt ? ['due_at', dueAt] : ['failed_at', new Date()];
      await pool.query(`UPDATE procore_events SET ${column} = $2, last_error = $3 WHERE id = $1`, [
        id,
        at,
        message,
      ]);
    }
  }

  /** Waits until an event is added; at the most a second, after which one that failed, or that another process has added, may be due. */
  async function pause(): Promise<void> {
    await sleep(1_000, undefined, { signal: pausing.signal }).catch(() => undefined);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      pausing = new AbortController();
      try {
        const { rows } = await pool.query<Taken>(take);
        if (rows[0]) await carryOut(rows[0]);
        else await pause();
      } catch (error) {
        console.error(`The queue: ${(error as Error).message}`);
        await pause();
      }
    }
  }
  const running = run();

  return {
    async add(id, body) {
      await pool.query('INSERT INTO procore_events (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        id,
        body,
      ]);
      pausing.abort();
    },
    async stop() {
      stopping.abort();
      pausing.abort();
      await running;
    },
  };
}

/** A week: what is missing may be a person who logs in, or a permission. */
const mostCalls = 180;
/** A quarter of an hour: the event cannot be read, or the work has an error of its own, and waiting changes neither. */
const mostOthers = 10;

/**
 * When an event whose work has failed is tried again: after 2 s, 4 s and so on up to an hour, and not before the time at which Procore can
 * take the call. Undefined where it is given up.
 */
export function nextTry(error: unknown, attempts: number, now: Date): Date | undefined {
  if (attempts >= (problemOf(error) ? mostCalls : mostOthers)) return undefined;
  const backOffMs = Math.min(2 ** attempts * 1_000, 60 * 60_000);
  return new Date(Math.max(now.getTime() + backOffMs, problemOf(error)?.retryAt?.getTime() ?? 0));
}
