import type { Part } from './fleet-plan.js';
import type { Place } from './place.js';

/** What a worker finds in its environment. */
export interface Assignment {
  readonly environment: { readonly loginUrl: string; readonly apiUrl: string };
  readonly clientId: string;
  readonly clientSecret: string;
  readonly place: Place;
  readonly part: Part;
  readonly maxWaitMs: number;
}

/** The variable with the {@link Assignment} as JSON. */
export const assignmentVariable = 'AXIOS_PROCORE_DEMO_ASSIGNMENT';

/**
 * What a worker is told. `go`: make your calls. `finish`: make one more, and say with which token you end. `leave`: abort what is in
 * flight, and end.
 */
export type Order = { readonly kind: 'go' | 'finish' | 'leave' };

/** What a worker tells. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'news'; readonly text: string }
  /** The new token by its fingerprint, and when the worker asked for it. */
  | { readonly kind: 'renewed'; readonly accessToken: string; readonly askedAtMs: number }
  | { readonly kind: 'progress'; readonly tally: Tally }
  | { readonly kind: 'done'; readonly tally: Tally; readonly errors: readonly string[] }
  /** The token by its fingerprint. The one more call may have renewed it. */
  | { readonly kind: 'finished'; readonly accessToken: string; readonly tally: Tally };

/** What one worker has done so far, or all of them. */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  /** Calls that were to write. */
  readonly writes: number;
  /** Calls that waited because the server was down. */
  readonly heldByOutage: number;
  readonly renewals: number;
  /** Tokens taken from the store that another had renewed. */
  readonly adoptions: number;
  readonly slowestMs: number;
}

export const emptyTally: Tally = {
  succeeded: 0,
  failed: 0,
  writes: 0,
  heldByOutage: 0,
  renewals: 0,
  adoptions: 0,
  slowestMs: 0,
};

/** What all have done. */
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
      slowestMs: Math.max(sum.slowestMs, tally.slowestMs),
    };
  }
  return sum;
}
