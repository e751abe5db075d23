import type { Env } from '../../time/env.js';
import { awakeNow, within } from '../../time/within.js';

/** New calls of one account wait, because another process has announced that it is about to replace their access token. */
export interface Hold {
  /** Until when they wait at the most, whether or not the other process says that it is over. */
  readonly untilMs: number;
  /** Resolves when they need not wait any longer. */
  readonly over: Promise<void>;
}

/** Whether new calls wait now for the renewal of another process. */
export function areCallsHeld(hold: Hold | undefined, env: Env): hold is Hold {
  return hold !== undefined && awakeNow(env) < hold.untilMs;
}

/**
 * Waits until new calls are held no longer, and no longer than until `untilMs`. Undefined, and no wait, where they are not held. A pair that
 * another process has saved is in hand when it resolves.
 */
export function unlessHeld(
  place: { readonly hold: Hold | undefined },
  env: Env,
  untilMs: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: string }> | undefined {
  const { hold } = place;
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
  place: { hold: Hold | undefined },
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
      if (place.hold === hold) place.hold = undefined;
    }),
  };
  place.hold = hold;
}
