import type { RateLimit } from 'axios-procore/emulator';
import type { PlannedOutage } from './surprises.js';
import type { Part } from './sync.js';
import type { Outcome } from './table.js';

/** The sync of the client without the plugin: what the other one meets, too. */
export interface NaivePlan {
  readonly requests: number;
  readonly lifetimeSeconds: number;
  readonly rateLimits: { readonly spike: RateLimit; readonly hourly: RateLimit };
  /** How long the server takes for one call. */
  readonly latencyMs: number;
  readonly outage: PlannedOutage;
  /** One part for each client; all begin with the same pair. */
  readonly parts: readonly Part[];
  /** How long a client waits after a failed call before it makes the next one. */
  readonly pauseMs: number;
}

/** A message to the process of the client. `go`: make the calls. `finish`: abort what is left, and report. `leave`: end. */
export type NaiveOrder = { readonly kind: 'go' | 'finish' | 'leave' };

/** A message from it. */
export type NaiveReport =
  { readonly kind: 'ready' } | { readonly kind: 'finished'; readonly outcome: Outcome };

/**
 * The time that a client waits after a failed call. It is half of the time that the plan has for a call, so that a client whose calls all
 * fail is still done in time.
 */
export function pauseFor(options: {
  durationSeconds: number;
  concurrency: number;
  requests: number;
}): number {
  return (0.5 * options.durationSeconds * 1000 * options.concurrency) / options.requests;
}
