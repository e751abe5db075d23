/** What is told of one call beside its attempts: by which name, since when it is here, and how long it has waited. */
export class Story {
  /** Given when the first event of the call is told. */
  callId: string | undefined = undefined;
  private waitedBeforeMs = 0;
  private waitingSinceMs: number | undefined = undefined;

  /** Milliseconds since the epoch, as all moments here. */
  constructor(readonly cameAtMs: number) {}

  /** A wait begins. */
  waits(nowMs: number): void {
    this.waitingSinceMs ??= nowMs;
  }

  /** The wait is over, if there was one. */
  goesOn(nowMs: number): void {
    this.waitedBeforeMs = this.waitedMs(nowMs);
    this.waitingSinceMs = undefined;
  }

  /** All waits together. */
  waitedMs(nowMs: number): number {
    return this.waitedBeforeMs + lastedMs(this.waitingSinceMs ?? nowMs, nowMs);
  }

  durationMs(nowMs: number): number {
    return lastedMs(this.cameAtMs, nowMs);
  }
}

/** The clock of the machine may have been set back meanwhile. */
function lastedMs(sinceMs: number, nowMs: number): number {
  return Math.max(0, nowMs - sinceMs);
}
