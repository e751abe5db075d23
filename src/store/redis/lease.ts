import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopwatch } from '../../time/awake.js';

/** The commands to the server for one lock. Each rejects when the answer is not known. */
export interface LeaseCommands {
  /** Acquires the lock for this identifier; true if it is this holder's now. */
  acquire(id: string): Promise<boolean>;
  /** Extends the lease; false if the lock is no longer this holder's. */
  renew(id: string): Promise<boolean>;
  /** Releases the lock if it is this holder's. */
  release(id: string): Promise<void>;
}

/** A lock that is held, and whose lease is renewed until {@link LockLease.end}. */
export interface LockLease {
  /** The identifier of this holder in the lock; a new one for each lease. */
  readonly id: string;
  /** Aborts when the lock is lost, or when the lease has expired without an answer to its renewal. */
  readonly lost: AbortSignal;
  /** Renews the lease and tells whether the lock is held: true only if the server says so before the lease would have expired. */
  stands(): Promise<boolean>;
  /** Marks the lock as lost, for a caller that has found that out in another way. */
  lose(): void;
  /** Stops the renewals and releases the lock. Rejects if the release failed: the lock then ends when its lease expires. */
  end(): Promise<void>;
}

/**
 * How often a lease is renewed in its time. The more often, the longer may the event loop be blocked before the lock is lost: a renewal that
 * is due at once when a block begins is late by all of it. With five the lock outlives a block of four fifths of the lease, less the time
 * that Redis takes.
 */
const renewals = 5;
/** The wait in milliseconds between two tries for a lock that is held by another; random, so that processes do not try in step. */
const lookAgainMs = { least: 50, most: 150 };

/**
 * Waits for the lock, then renews its lease each fifth of `leaseMs`. Rejects with the reason of `signal` as soon as that aborts, and with
 * the rejection of `acquire`. A lock that the server grants after that is released again.
 */
export async function acquireLease(
  commands: LeaseCommands,
  leaseMs: number,
  signal: AbortSignal,
): Promise<LockLease> {
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
      // If the lock was granted but the answer took longer than the lease, the loop asks again at once.
      if (!granted) await sleep(randomInt(lookAgainMs.least, lookAgainMs.most), undefined, { signal });
    }
  } catch (error) {
    stopTerm();
    tidyUp(commands, id, asked);
    throw signal.aborted ? signal.reason : error;
  }
}

/** Releases a lock that is granted after the wait has ended. A client without a connection may queue the command and send it much later. */
function tidyUp(commands: LeaseCommands, id: string, asked: Promise<boolean>): void {
  asked
    .catch(() => true)
    .then((perhapsHeld) => (perhapsHeld ? commands.release(id) : undefined))
    .catch(() => undefined);
}

function keep(
  commands: LeaseCommands,
  held: { id: string; leaseMs: number; lost: AbortController; stopTerm: () => void },
): LockLease {
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
    while (await hasPassed(leaseMs / renewals, ended.signal)) {
      stopNextTerm = startTerm(leaseMs, lost);
      // A failed command says nothing about the lock: until the lease expires it is still held.
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
    // The elapsed time is checked as well: in a process that was stopped, an old answer may be read before the timer of the lease fires.
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
      // The release of a lost lock is not awaited: it most likely belongs to another holder, or the server cannot be reached.
      released.catch(() => undefined);
    },
  };
}

/**
 * Aborts `lost` after `leaseMs`, unless it is stopped. It is started before the command is sent, and the server counts from when it runs
 * the command; so this holder stops relying on the lock before the server lets it expire.
 */
function startTerm(leaseMs: number, lost: AbortController): () => void {
  const stopped = new AbortController();
  void hasPassed(leaseMs, stopped.signal).then((passed) => {
    if (passed) lost.abort();
  });
  return () => stopped.abort();
}

/** Resolves with true after `ms`, or with false as soon as `signal` aborts. Does not keep the process alive. */
function hasPassed(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, undefined, { signal, ref: false }).then(
    () => true,
    () => false,
  );
}

/** Settles as `work` does, or rejects with the reason of `signal` when that aborts first. Leaves no listener. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
