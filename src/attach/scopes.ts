import { createGate } from '../pacing/gate.js';
import { createGates } from '../pacing/gates.js';
import { createOutage } from '../pacing/outage.js';
import { createSharedGate } from '../pacing/shared-gate.js';
import type { SharedPacing } from '../pacing/shared/exchange.js';
import { captureContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import { createAllGates, type AllGates } from './all-gates.js';
import type { OfGates } from './shared.js';

/** Creates the gates of attaches that share a store. */
export function createScopes(env: Env, { serverOffsetMs, emit }: OfGates): AllGates {
  const common = { env, serverOffsetMs };

  return createAllGates((shared: SharedPacing | undefined) => {
    if (!shared) return createGates(() => createGate(common));
    const outage = createOutage({
      now: env.now,
      alone: (cause) =>
        emit('warning', {
          code: 'pacing-alone',
          message: `the state that processes share of their rate limits does not answer: ${cause}. Until it does, this process paces its calls by itself, and may meet 429s`,
        }),
      together: (aloneMs) => emit('pacing-together', { aloneMs }),
    });
    const ofShared = {
      ...common,
      shared,
      outage,
      inContext: captureContext(),
      // It decides nothing, and has to differ between processes even where a test draws the same chance for all.
      member: () => crypto.randomUUID(),
    };
    return createGates((scope) => createSharedGate(ofShared, scope));
  });
}
