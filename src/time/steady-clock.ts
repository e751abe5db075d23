import type { Env } from './env.js';

/**
 * A clock that never runs back. A moment that was noted by this machine's clock would lie hours ahead after that was set back; one that was
 * noted by this clock does not.
 */
export class SteadyClock {
  private lastMs = -Infinity;
  private setBack = 0;

  constructor(private readonly env: Env) {}

  /** Milliseconds since the epoch, and as much more as this machine's clock has been set back. */
  now(): number {
    const localMs = this.env.now();
    this.setBack = Math.max(this.setBack, this.lastMs - localMs);
    this.lastMs = localMs + this.setBack;
    return this.lastMs;
  }

  /** By how much this machine's clock has been set back in total, as far as that was noticed by {@link SteadyClock.now}. */
  get setBackMs(): number {
    return this.setBack;
  }
}
