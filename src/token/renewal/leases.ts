import type { Env } from '../../time/env.js';
import type { ProcoreError } from '../../failure/errors.js';
import type { Settings } from '../../options/options.js';
import { copyOf } from '../../store/copy-of.js';
import type { TokenSet } from '../../store/store.js';
import type { Way } from '../../wire/way.js';
import { awakeNow, type WaitBounds } from '../../time/within.js';
import { unlessHeld, type Drain, type Hold } from './drain.js';
import type { Shown } from '../loading/first-load.js';
import type { Ledger } from '../pair/ledger.js';
import type { Lease } from '../pair/pairs.js';
import type { Sequence } from './sequence.js';

/** What a wait for a token came to. */
export type Acquired =
  { kind: 'lease'; lease: Lease } | { kind: 'failed'; error: ProcoreError } | { kind: 'aborted' };

/** Whoever needs a token of the account gets it here, with the renewal that it takes. */
export interface Leases {
  /** A lease that can be used at once; starts a renewal in the background when it is aging. `way` is that of the call that asks. */
  peek(way?: Way): Lease | undefined;
  /** A lease, after the renewal it takes. `shown`: what the store has just shown, where nothing is held. */
  acquire(bounds: WaitBounds, shown?: Shown): Promise<Acquired>;
  /** A new pair in place of this one, if it can be had in time; else what works. */
  replace(lease: Lease, bounds: WaitBounds): Promise<Acquired>;
  /** A renewal because the application wants one. */
  renew(): Promise<TokenSet>;
}

/** Creates the leases of one account. */
export function createLeases(deps: {
  env: Env;
  settings: Settings['renewal'];
  ledger: Ledger;
  sequence: Sequence;
  drain: Pick<Drain, 'isPaused' | 'pausedUntilMs'>;
  /** The account's own: whether calls wait for the renewal of another process. */
  flight: { readonly hold: Hold | undefined };
  /** Another store takes the place of the one before, and may have another user's tokens. */
  isMoving: () => boolean;
}): Leases {
  const { env, settings, ledger, sequence, drain } = deps;
  const { working } = sequence;

  function fresh(): Lease | undefined {
    return ledger.freshness(ledger.newest) === 'fresh' ? working() : undefined;
  }

  /** A renewal that failed, or is late, is no reason to fail a call whose token works. */
  function orWorking(error: ProcoreError): Acquired {
    const lease = working();
    return lease ? { kind: 'lease', lease } : { kind: 'failed', error };
  }

  function objection(): ProcoreError | undefined {
    return sequence.running ? undefined : sequence.objection('automatic');
  }

  function peek(way?: Way): Lease | undefined {
    if (drain.isPaused()) return undefined;
    const lease = working();
    if (!lease || ledger.freshness(ledger.newest) === 'fresh') return lease;
    if (sequence.running) return settings.background ? lease : undefined;
    if (!sequence.mayRunInBackground()) return lease;
    if (!settings.background) return undefined;
    sequence.start(fresh, way);
    return lease;
  }

  return {
    peek,
    async acquire({ maxMs, signal, way }, shown) {
      const untilMs = awakeNow(env) + Math.min(maxMs, settings.timeoutMs);
      for (;;) {
        const ready = peek(way);
        if (ready) return { kind: 'lease', lease: ready };
        const held = working() && unlessHeld(deps.flight, env, untilMs, signal);
        if (held) {
          if ((await held).kind === 'aborted') return { kind: 'aborted' };
          const lease = awakeNow(env) >= untilMs ? working() : undefined;
          if (lease) return { kind: 'lease', lease };
          continue;
        }
        const objected = objection();
        if (objected) return orWorking(objected);
        const run = sequence.running ?? sequence.start(settings.background ? working : fresh, way, shown);
        const waitsUntilMs =
          working() && settings.background ? Math.min(untilMs, drain.pausedUntilMs) : untilMs;
        const waited = await sequence.waitFor(run, waitsUntilMs, signal);
        if (waited.kind === 'aborted') return { kind: 'aborted' };
        if (waited.kind !== 'done') return orWorking(sequence.overdue(run));
        const result = waited.value;
        if (result.kind === 'failed') return orWorking(result.error);
        // A call that has waited for a token uses it once, however short its life is.
        if (result.kind !== 'superseded' && !deps.isMoving())
          return { kind: 'lease', lease: working() ?? result.lease };
        if (awakeNow(env) >= untilMs) return orWorking(sequence.overdue(run));
      }
    },
    async replace(lease, { maxMs, signal, way }) {
      const objected = objection();
      if (objected) return orWorking(objected);
      const run =
        sequence.running ?? sequence.start(() => (ledger.newest === lease ? undefined : working()), way);
      const untilMs = awakeNow(env) + Math.min(maxMs, settings.timeoutMs);
      const waited = await sequence.waitFor(run, untilMs, signal);
      if (waited.kind === 'aborted') return { kind: 'aborted' };
      const failed =
        waited.kind === 'done' && waited.value.kind === 'failed' ? waited.value.error : undefined;
      return orWorking(failed ?? sequence.overdue(run));
    },
    async renew() {
      const untilMs = awakeNow(env) + settings.totalMs;
      let replaced = false;
      for (;;) {
        const objected = sequence.objection('asked');
        if (objected) throw objected;
        // The application has brought new tokens meanwhile: they are what was asked for.
        const run = sequence.running ?? sequence.start(replaced ? fresh : () => undefined);
        run.isAsked = true;
        const waited = await sequence.waitFor(run, untilMs, undefined);
        const result = waited.kind === 'done' ? waited.value : undefined;
        replaced ||= result?.kind === 'superseded';
        if (
          result?.kind === 'renewed' ||
          result?.kind === 'adopted' ||
          (replaced && result?.kind === 'loaded')
        ) {
          return copyOf(result.lease.held.set);
        }
        if (result?.kind === 'failed') throw result.error;
        if (awakeNow(env) >= untilMs) throw sequence.overdue(run);
      }
    },
  };
}
