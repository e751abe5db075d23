import type { Env } from '../../time/env.js';
import type { Settings } from '../../options/options.js';
import type { Announcement, RenewalNotices } from '../../store/store.js';
import { awakeNow, within } from '../../time/within.js';

/** Lets calls in flight finish before a renewal, where the server invalidates their access token when it is replaced. */
export interface Drain {
  /** Until when new calls wait, in awake time. They do not wait where that moment has passed. */
  readonly pausedUntilMs: number;
  /** Whether new calls wait now: for a renewal of this process, or of another that has announced one. */
  isPaused(): boolean;
  /** Holds new calls and waits for those in flight, here and in other processes; does nothing where it is not needed, or not wished for. */
  drain(signal: AbortSignal, need?: 'certain'): Promise<void>;
  /** The renewal is over. */
  release(): void;
  /** Other processes are being told that it is over. */
  underWay(): Promise<unknown> | undefined;
}

/** The calls of one account in flight, as a value. */
export interface Flight {
  /** The number of calls that have been sent and not answered. */
  calls: number;
  /** Until when new calls wait for a renewal of this process, in awake time; 0 where they do not. */
  pausedUntilMs: number;
  /** Called when the last one has been answered. */
  drained: (() => void) | undefined;
  /** New calls wait for the renewal of another process. */
  hold: Hold | undefined;
}

/** Whether new calls wait now. */
export function areCallsPaused(flight: Flight, env: Env): boolean {
  const isPaused = flight.pausedUntilMs > 0 && awakeNow(env) < flight.pausedUntilMs;
  return isPaused || areCallsHeld(flight.hold, env);
}

/** A call is sent. */
export function noteSent(flight: Flight): void {
  flight.calls++;
}

/** A call has been answered, or has come to an end without an answer. */
export function noteAnswered(flight: Flight): void {
  flight.calls--;
  if (flight.calls > 0) return;
  const { drained } = flight;
  flight.drained = undefined;
  drained?.();
}

/** Resolves when no call is in flight. */
export function untilAnswered(flight: Flight): Promise<void> {
  if (flight.calls === 0) return Promise.resolve();
  const { drained } = flight;
  return new Promise((resolve) => {
    flight.drained = () => {
      drained?.();
      resolve();
    };
  });
}

/** For how long calls in flight are waited for. A drain must leave time for the renewal that it is for. */
export function drainMsOf({ drainMs, totalMs }: Pick<Settings['renewal'], 'drainMs' | 'totalMs'>): number {
  return Math.min(drainMs, totalMs / 4);
}

/** Creates the drain of one account. */
export function createDrain(deps: {
  env: Env;
  account: string;
  settings: Pick<Settings['renewal'], 'drain' | 'drainMs' | 'totalMs'>;
  /** How other processes are told, where the store can. */
  notices: () => RenewalNotices | undefined;
  /** `invalidatesOld`: it has been seen to invalidate replaced access tokens; `foundInvalidating()`: that has been seen. */
  server: { readonly invalidatesOld: boolean; foundInvalidating(): void };
  /** The account's own, which this changes. */
  flight: Flight;
}): Drain {
  const { env, account, settings, flight, server } = deps;
  const drainMs = drainMsOf(settings);
  let announced: Promise<Announcement | undefined> | undefined;
  let telling: Promise<unknown> | undefined;

  /** New calls wait for the answer as well, for as long again at most: a slow token endpoint must not hold calls whose token works. */
  function pause(): void {
    flight.pausedUntilMs = awakeNow(env) + 2 * drainMs;
  }

  const over = (announcement: typeof announced) =>
    Promise.resolve(announcement)
      .then((told) => told?.over())
      .catch(() => undefined);

  /** Tells other processes. Those that listen have seen that the server invalidates the old token, so this process need not see it again. */
  async function others(signal: AbortSignal): Promise<void> {
    const notices = deps.notices();
    if (!notices) return;
    const before = announced;
    const own = Promise.resolve()
      .then(() => notices.announce(account, drainMs, signal))
      .catch(() => undefined);
    announced = own;
    const told = await own;
    // Also where nobody waits for it any more, a rejection must not end the process.
    const finished = Promise.resolve(told?.finished).catch(() => undefined);
    // The renewal has left its critical section and come back: this notice has taken the place of the one before.
    void over(before);
    if (!told || signal.aborted || announced !== own) return;
    if (!server.invalidatesOld) {
      server.foundInvalidating();
      pause();
    }
    await Promise.all([untilAnswered(flight), finished]);
  }

  return {
    get pausedUntilMs() {
      return flight.pausedUntilMs;
    },
    isPaused: () => areCallsPaused(flight, env),
    async drain(signal, need) {
      if (settings.drain === false || signal.aborted) return;
      const needed = settings.drain === true || need === 'certain' || server.invalidatesOld;
      if (needed) pause();
      if (!needed && !deps.notices()) return;
      const left = new AbortController();
      // A revocation ends the tokens of all processes, whether or not their calls have finished.
      const waits = need === 'certain' ? [] : [others(left.signal)];
      if (needed) waits.push(untilAnswered(flight));
      await within(env, drainMs, Promise.all(waits), signal);
      left.abort();
    },
    release() {
      flight.pausedUntilMs = 0;
      if (!announced) return;
      const told = over(announced);
      announced = undefined;
      const own = within(env, drainMs, told).finally(() => {
        if (telling === own) telling = undefined;
      });
      telling = own;
    },
    underWay: () => telling,
  };
}

/** New calls of one account wait, because another process has announced that it is about to replace their access token. */
export interface Hold {
  /** Until when they wait at the most, whether or not the other process says that it is over. */
  readonly untilMs: number;
  /** Resolves when they need not wait any longer. */
  readonly over: Promise<void>;
}

/** Whether new calls wait now for the renewal of another process. */
function areCallsHeld(hold: Hold | undefined, env: Env): hold is Hold {
  return hold !== undefined && awakeNow(env) < hold.untilMs;
}

/**
 * Waits until new calls are held no longer, and no longer than until `untilMs`. Undefined, and no wait, where they are not held. A pair that
 * another process has saved is in hand when it resolves.
 */
export function unlessHeld(
  flight: { readonly hold: Hold | undefined },
  env: Env,
  untilMs: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: string }> | undefined {
  const { hold } = flight;
  if (!areCallsHeld(hold, env)) return undefined;
  return within(env, Math.max(0, Math.min(untilMs, hold.untilMs) - awakeNow(env)), hold.over, signal);
}

/** While calls are held the store is looked at so often, because the other process may have died after it has saved its pair. */
const lookMs = 1_000;

/**
 * Holds new calls of an account until `over`, and for twice `drainMs` at the most. Before they go on, `look` takes what the other process has
 * saved, and tells whether that was a new pair; where it is told later that the renewal is over, it looks once more.
 */
export function holdCalls(
  flight: { hold: Hold | undefined },
  deps: { env: Env; drainMs: number; over: Promise<void>; look: () => Promise<boolean> },
): void {
  const { env, drainMs } = deps;
  const look = () => deps.look().catch(() => false);
  const ended = new AbortController();
  let isLate = false;
  const told = deps.over.then(
    () => (isLate ? look() : undefined),
    () => undefined,
  );
  // Unlike a call that waits, a hold alone does not keep the process alive.
  const bound = env.sleep(2 * drainMs, { signal: ended.signal, ref: false, awake: true });
  const found = async () => {
    do await env.sleep(lookMs, { signal: ended.signal, ref: false, awake: true });
    while (!ended.signal.aborted && !(await look()));
  };
  const hold: Hold = {
    untilMs: awakeNow(env) + 2 * drainMs,
    over: Promise.race([told, bound, found()]).then(async () => {
      isLate = true;
      ended.abort();
      await look();
      if (flight.hold === hold) flight.hold = undefined;
    }),
  };
  flight.hold = hold;
}
