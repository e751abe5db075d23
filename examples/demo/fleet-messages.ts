import type { Place } from './place.js';
import type { CallCounts, Part } from './sync.js';
import type { AloneSpan } from './windows-together.js';

/** The settings of a worker, which it reads from its environment. */
export interface Assignment {
  readonly environment: { readonly loginUrl: string; readonly apiUrl: string };
  readonly clientId: string;
  readonly clientSecret: string;
  readonly place: Place;
  readonly part: Part;
  /** The file that the worker records the health of its calls in. */
  readonly recording: string;
}

/**
 * A message to a worker. `go`: make the calls. `finish`: make one more call, and report the token at the end. `leave`: abort the calls in
 * flight, and end.
 */
export type Order = { readonly kind: 'go' | 'finish' | 'leave' };

/** A message from a worker. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'news'; readonly text: string }
  /** The new token by its fingerprint, and when the worker asked for it. */
  | { readonly kind: 'renewed'; readonly accessToken: string; readonly askedAtMs: number }
  | { readonly kind: 'progress'; readonly tally: Tally }
  | { readonly kind: 'done'; readonly tally: Tally; readonly errors: readonly string[] }
  /** The token by its fingerprint. The additional call may have renewed it. */
  | { readonly kind: 'finished'; readonly accessToken: string; readonly tally: Tally };

/** The counts of one worker so far, or of all of them. */
export interface Tally extends CallCounts {
  /** Calls that waited because the server was down. */
  readonly heldByOutage: number;
  readonly renewals: number;
  /** Tokens that another process had renewed, and that were adopted from the store. */
  readonly adoptions: number;
  /** Answers of 401. */
  readonly unauthorized: number;
  /** When it paced alone, because Redis did not answer in time. */
  readonly alone: readonly AloneSpan[];
}

export const emptyTally: Tally = {
  succeeded: 0,
  failed: 0,
  writes: 0,
  heldByOutage: 0,
  renewals: 0,
  adoptions: 0,
  unauthorized: 0,
  alone: [],
  slowestMs: 0,
};

/** The sum of the counts. */
export function sumOf(tallies: Iterable<Tally>): Tally {
  let sum = emptyTally;
  for (const tally of tallies) {
    sum = {
      succeeded: sum.succeeded + tally.succeeded,
      failed: sum.failed + tally.failed,
      writes: sum.writes + tally.writes,
      heldByOutage: sum.heldByOutage + tally.heldByOutage,
      renewals: sum.renewals + tally.renewals,
      adoptions: sum.adoptions + tally.adoptions,
      unauthorized: sum.unauthorized + tally.unauthorized,
      alone: [...sum.alone, ...tally.alone],
      slowestMs: Math.max(sum.slowestMs, tally.slowestMs),
    };
  }
  return sum;
}
