import type { Emulator } from 'axios-procore/emulator';
import { fingerprintOf } from './fingerprint.js';
import type { Report } from './fleet-messages.js';
import type { OpenStore } from './place.js';

/** How often the workers are asked for their last token, because a renewal may come between their answers. */
const mostRounds = 5;

/** What the workers and the store have at the end. Tokens are fingerprints. */
export interface Ends {
  readonly accessTokens: readonly string[];
  readonly stored: { readonly accessToken: string; readonly isLive: boolean };
}

/** Asks all workers for their last token, and asks again if there was a renewal meanwhile. Undefined where the run is stopped before. */
export async function askForEnds(
  emulator: Emulator,
  { store }: OpenStore,
  ask: () => Promise<Extract<Report, { kind: 'finished' }>[] | undefined>,
): Promise<Ends | undefined> {
  for (let round = 1; ; round++) {
    const before = emulator.counters.tokenRequests;
    const answers = await ask();
    if (!answers) return undefined;
    const tokens = await store.load('default');
    const stored = {
      accessToken: fingerprintOf(tokens?.access_token ?? ''),
      isLive: emulator.isLive(tokens?.refresh_token ?? ''),
    };
    const accessTokens = answers.map(({ accessToken }) => accessToken);
    const isCalm = emulator.counters.tokenRequests === before;
    if ((isCalm && accessTokens.every((one) => one === stored.accessToken)) || round === mostRounds)
      return { accessTokens, stored };
  }
}
