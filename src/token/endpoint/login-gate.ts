import type { Env } from '../../time/env.js';
import { createAlarm } from '../../time/alarm.js';
import { SteadyClock } from '../../time/steady-clock.js';
import { createQueue, type Placed } from '../../pacing/queue.js';
import {
  admitLogin,
  enterLogin,
  freshLoginPace,
  holdsSlot,
  leftLogin,
  served,
  throttled,
  type LoginAdmission,
  type LoginPace,
  type Slot,
  type Rank,
} from './login-pace.js';

/** Somebody who wants to ask the login host for a token; what it says may change while it waits. */
export interface LoginAsker {
  rank(): Rank;
  /** Among those of one rank: when its first caller came, as {@link LoginGate.ticket} counts. */
  ticket(): number;
  /** How long it makes sense to wait for it, in local milliseconds since the epoch. */
  waitsUntilMs(): number;
  /** Token requests of this client at once. */
  readonly most: number;
}

/** Permission for one token request. */
export interface Visit {
  /** Whether the request may still be sent with it: it lapses after some seconds. */
  isValid(): boolean;
  /** The login host has answered. */
  served(): void;
  /** The login host has answered 429 or 503, and wants to be asked again after `retryAfterMs` where it has named a time. */
  throttled(retryAfterMs: number | undefined): void;
  /** No request was sent, or no answer came. Does nothing once it has ended. */
  leave(): void;
}

/** How a wait at the gate ends. */
export type GateOutcome =
  | { readonly kind: 'in'; readonly visit: Visit }
  /** The login host has asked for more time than the asker has. */
  | { readonly kind: 'closed'; readonly untilMs: number }
  | { readonly kind: 'aborted' };

/** Lets the token requests of one client out, a few at once, those that somebody waits for first. */
export interface LoginGate {
  /** A number for somebody who has just begun to wait. */
  ticket(): number;
  /** The permission, where it can be had at once. */
  enter(asker: LoginAsker): Visit | undefined;
  wait(asker: LoginAsker, signal: AbortSignal): Promise<GateOutcome>;
  /** What this asker says has changed. */
  changed(asker: LoginAsker): void;
  /** Whether calls wait for an asker that is at the gate, or that has been let through and has no answer yet. */
  isAwaited(): boolean;
}

interface Waiting extends Placed {
  readonly asker: LoginAsker;
  readonly joined: number;
  rank: number;
  ticket: number;
  settle: (entered: GateOutcome) => void;
}

const ranks: Record<Rank, number> = { first: 0, call: 1, background: 2 };

/** Creates the gate of one client at one login host. */
export function createLoginGate(env: Env): LoginGate {
  let pace: LoginPace = freshLoginPace;
  let tickets = 0;
  const clock = new SteadyClock(env);
  const now = () => clock.now();
  const alarm = createAlarm(env, now, serve);
  const waiting = new Map<LoginAsker, Waiting>();
  const queue = createQueue<Waiting>(isBefore, 0);

  function give(asker: LoginAsker, nowMs: number): Visit {
    const entered = enterLogin(pace, asker.rank(), nowMs);
    pace = entered.pace;
    return visitOf(entered.slot);
  }

  function visitOf(slot: Slot): Visit {
    let isOver = false;
    const end = (next: () => LoginPace) => {
      if (isOver) return;
      isOver = true;
      pace = next();
      serve();
    };
    return {
      isValid: () => !isOver && holdsSlot(pace, slot, now()),
      served: () => end(() => served(pace, slot)),
      throttled: (retryAfterMs) => end(() => throttled(pace, slot, retryAfterMs, now(), env.random())),
      leave: () => end(() => leftLogin(pace, slot)),
    };
  }

  function dismiss(each: Waiting, entered: GateOutcome): void {
    queue.leave(each);
    waiting.delete(each.asker);
    each.settle(entered);
  }

  function serve(): void {
    const nowMs = now();
    let admission: LoginAdmission | undefined;
    for (let next = queue.first(); next; next = queue.first()) {
      admission = admitLogin(pace, next.asker.rank(), next.asker.most, nowMs);
      if (admission.kind !== 'go') break;
      dismiss(next, { kind: 'in', visit: give(next.asker, nowMs) });
    }
    if (admission?.kind === 'closed') {
      const untilMs = admission.untilMs - clock.setBackMs;
      for (const each of [...waiting.values()])
        if (each.asker.waitsUntilMs() < untilMs) dismiss(each, { kind: 'closed', untilMs });
    }
    if (waiting.size === 0 || !admission || admission.kind === 'go') alarm.clear();
    else alarm.set(admission.untilMs);
  }

  function join(each: Waiting): void {
    each.rank = ranks[each.asker.rank()];
    each.ticket = each.asker.ticket();
    queue.join(each);
  }

  return {
    ticket: () => tickets++,

    enter(asker) {
      const nowMs = now();
      const first = queue.first();
      const mine = { rank: ranks[asker.rank()], ticket: asker.ticket(), joined: Infinity };
      if (first && !isBefore(mine, first)) return undefined;
      const admission = admitLogin(pace, asker.rank(), asker.most, nowMs);
      return admission.kind === 'go' ? give(asker, nowMs) : undefined;
    },

    wait(asker, signal) {
      if (signal.aborted) return Promise.resolve({ kind: 'aborted' });
      return new Promise((resolve) => {
        const leave = () => {
          dismiss(each, { kind: 'aborted' });
          serve();
        };
        const each: Waiting = {
          asker,
          joined: tickets++,
          rank: 0,
          ticket: 0,
          places: [],
          settle(entered) {
            signal.removeEventListener('abort', leave);
            resolve(entered);
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.set(asker, each);
        join(each);
        serve();
      });
    },

    changed(asker) {
      const each = waiting.get(asker);
      if (!each) return;
      queue.leave(each);
      join(each);
      serve();
    },

    isAwaited: () =>
      pace.slots.some((slot) => slot.rank !== 'background' && holdsSlot(pace, slot, now())) ||
      [...waiting.keys()].some((asker) => asker.rank() !== 'background'),
  };
}

function isBefore(
  one: Pick<Waiting, 'rank' | 'ticket' | 'joined'>,
  other: Pick<Waiting, 'rank' | 'ticket' | 'joined'>,
): boolean {
  return one.rank - other.rank < 0 || (one.rank === other.rank && isEarlier(one, other));
}

function isEarlier(
  one: Pick<Waiting, 'ticket' | 'joined'>,
  other: Pick<Waiting, 'ticket' | 'joined'>,
): boolean {
  return one.ticket < other.ticket || (one.ticket === other.ticket && one.joined < other.joined);
}
