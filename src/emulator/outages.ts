import { STATUS_CODES } from 'node:http';
import { check, isWhole, type Field } from './checks.js';
import { json, type Reply } from './message.js';

/** A time in which the API carries out no request. */
export interface Outage {
  /** The status of every API answer, from 400 to 599. @default 503 */
  status?: number | undefined;
  /** `Retry-After` in whole seconds; absent, the answers carry none. */
  retryAfterSeconds?: number | undefined;
  /** When it ends by itself: milliseconds from now on the server's clock. @default Infinity */
  forMs?: number | undefined;
}

const outageFields: Record<keyof Outage, Field> = {
  status: [(value) => isWhole(value, 400, 599), 'a whole number from 400 to 599'],
  retryAfterSeconds: [(value) => isWhole(value, 0), 'a whole number from 0'],
  forMs: [(value) => typeof value === 'number' && value >= 0, 'milliseconds from 0'],
};

/** The outages of one emulator. */
export interface Outages {
  /** Starts an outage and returns the function that ends it. Throws a `TypeError` for a wrong value. */
  start(outage?: Outage): () => void;
  /** The answer of the current outage; of the latest one where there are several. */
  answer(): Reply | undefined;
}

/** `now` in milliseconds. */
export function createOutages(now: () => number): Outages {
  const running = new Set<{ endsAtMs: number; reply: Reply }>();
  return {
    start(given = {}) {
      check('outage', given, { known: outageFields });
      const { status = 503, retryAfterSeconds, forMs = Infinity } = given;
      const headers: Record<string, string> =
        retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      const reply = json(status, { message: STATUS_CODES[status] ?? 'Unavailable' }, headers);
      const outage = { endsAtMs: now() + forMs, reply };
      running.add(outage);
      return () => void running.delete(outage);
    },
    answer() {
      for (const outage of running) if (now() >= outage.endsAtMs) running.delete(outage);
      return [...running].at(-1)?.reply;
    },
  };
}
