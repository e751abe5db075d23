import { createHash } from 'node:crypto';
import type { Arrival } from './message.js';

/** The record of the writes, by which duplicates are counted. */
export interface Writes {
  /** Records a request that wrote. Returns true for a POST with the same path, query and body as an earlier one. */
  repeats(request: Arrival): boolean;
}

/** Creates an empty record. Bodies are compared byte for byte, by their SHA-256. */
export function createWrites(): Writes {
  const written = new Set<string>();
  return {
    repeats({ method, path, query, bytes }) {
      // All other methods are idempotent, so a repetition is no duplicate.
      if (method !== 'POST') return false;
      const write = `${path}?${query}\n${createHash('sha256').update(bytes).digest('hex')}`;
      const repeated = written.has(write);
      written.add(write);
      return repeated;
    },
  };
}
