import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopwatch } from '../../time/awake.js';

/** What the server does for a lock; each rejects when nothing is known of it. */
export interface LeaseCommands {
  /** True if the lock is this holder's now. */
  acquire(id: string): Promise<boolean>;
  /** False if the lock is no longer this holder's. */
  renew(id: string): Promise<boolean>;
  /** Ends it if it is this holder's. */
  release(id: string): Promise<void>;
}

/** A lock that is held, and renewed until its end. */
export interface Lease {
  /** What stands in the lock while this holder has it; never used twice. */
  readonly id: string;
  /** Aborts when the lock is gone, or when the lease has run out without word of a renewal. */
  readonly lost: AbortSignal;
  /** Renews it, and says whether it is held: by the server's word, and only if that has come before the lease would have run out. */
  stands(): Promise<boolean>;
  /** For whoever finds out otherwise that the lock is gone. */
  lose(): void;
  /** Stops the renewals and releases the lock. Rejects if that failed: others then wait for the end of the lease. */
  end(): Promise<void>;
}

/** Between two looks at a lock that another has, in milliseconds: by chance, so that a fleet does not look in step. */
const lookAgainMs = { least: 50, most: 150 };

/**
 * Waits for the lock, then keeps it by renewing it each third of `leaseMs`. Rejects at once with the reason of `signal` when that aborts,
 * and with what `acquire` rejected with; nothing is left then of the wait, nor of a lock that is granted after it.
 */
export async function acquireLease(
  commands: LeaseCommands,
  leaseMs: number,
  signal: AbortSignal,
): Promise<Lease> {
  signal.throwIfAborted();
  const id = randomUUID();
  let asked = Promise.resolve(false);
  let stopTerm = () => {};
  try {
    for (;;) {
      const lost = new AbortController();
      stopTerm = startTerm(leaseMs, lost);
      asked = commands.acquire(id);
      const granted = await unlessAborted(asked, signal);
      signal.throwIfAborted();
      if (granted && !lost.signal.aborted) return keep(commands, { id, leaseMs, lost, stopTerm });
      stopTerm();
      // Granted, but the answer took longer than the lease: asked again it is granted anew, if nobody else has it.
      if (!granted) await sleep(randomInt(lookAgainMs.least, lookAgainMs.most), undefined, { signal });
    }
  } catch (error) {
    stopTerm();
    tidyUp(commands, id, asked);
    throw signal.aborted ? signal.reason : error;
  }
}

/** A client without a connection keeps commands for later: what is granted then must not lock others out. */
function tidyUp(commands: LeaseCommands, id: string, asked: Promise<boolean>): void {
  asked
    .catch(() => true)
    .then((perhapsHeld) => (perhapsHeld ? commands.release(id) : undefined))
    .catch(() => undefined);
}

function keep(
  commands: LeaseCommands,
  held: { id: string; leaseMs: number; lost: AbortController; stopTerm: () => void },
): Lease {
  const { id, leaseMs, lost } = held;
  let { stopTerm } = held;
  let stopNextTerm = () => {};
  const ended = new AbortController();
  const stop = () => {
    ended.abort();
    stopTerm();
    stopNextTerm();
  };
  const lose = () => lost.abort();
  lost.signal.addEventListener('abort', stop, { once: true });

  async function renewUntilEnded(): Promise<void> {
    while (await hasPassed(leaseMs / 3, ended.signal)) {
      stopNextTerm = startTerm(leaseMs, lost);
      // A connection that broke says nothing of the lock: until the lease has run out it is ours.
      const renewed = await commands.renew(id).catch(() => undefined);
      if (ended.signal.aborted) return;
      if (renewed === false) return lose();
      if (renewed) [stopTerm, stopNextTerm] = [stopNextTerm, stopTerm];
      stopNextTerm();
    }
  }

  async function stands(): Promise<boolean> {
    if (ended.signal.aborted) return false;
    const elapsedMs = stopwatch();
    const isHeld = await commands.renew(id);
    // The timers of a process that was stopped have not run yet, and the answer may have lain there all the time.
    if (!isHeld || elapsedMs() >= leaseMs) lose();
    return !ended.signal.aborted;
  }

  void renewUntilEnded();
  return {
    id,
    lost: lost.signal,
    lose,
    stands,
    async end() {
      stop();
      const released = commands.release(id);
      if (!lost.signal.aborted) return released;
      // Most likely it is no longer ours to release, and perhaps there is no server: nobody waits for that.
      released.catch(() => undefined);
    },
  };
}

/**
 * Aborts `lost` after a lease's time, unless it is stopped. Started before the server is asked, which counts from when it is: what this
 * holder believes is over first.
 */
function startTerm(leaseMs: number, lost: AbortController): () => void {
  const stopped = new AbortController();
  void hasPassed(leaseMs, stopped.signal).then((passed) => {
    if (passed) lost.abort();
  });
  return () => stopped.abort();
}

/** Whether that time has passed; false as soon as `signal` aborts. Keeps no process alive. */
function hasPassed(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, undefined, { signal, ref: false }).then(
    () => true,
    () => false,
  );
}

/** Rejects with the reason of `signal` when that aborts first; leaves no listener. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
