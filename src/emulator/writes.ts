import { createHash } from 'node:crypto';
import type { Arrival } from './message.js';

/** Remembers what was written. */
export interface Writes {
  /** To be told of each request that wrote; true for a POST whose path, query and body another POST has written before. */
  repeats(request: Arrival): boolean;
}

/** Nothing is written yet. Bodies are compared byte for byte, by their SHA-256. */
export function createWrites(): Writes {
  const written = new Set<string>();
  return {
    repeats({ method, path, query, bytes }) {
      // Any other method may be repeated without harm.
      if (method !== 'POST') return false;
      const write = `${path}?${query}\n${createHash('sha256').update(bytes).digest('hex')}`;
      const repeated = written.has(write);
      written.add(write);
      return repeated;
    },
  };
}
