/** The emulated Procore of a trial, in a process of its own. */
import { startEmulator, type Emulator } from 'axios-procore/emulator';
import type { TokenSet } from 'axios-procore';
import { answerParent } from '../support/answer-parent.js';

interface Options {
  accessTokenLifetimeSeconds?: number | undefined;
  /** How long the token endpoint takes for an answer. */
  tokenMs?: number | undefined;
  /** How long the API takes for an answer. */
  apiMs?: number | undefined;
  /** Whether the old pair ends with its renewal (A), or when the new one is first used (B). */
  spentTokens?: 'A' | 'B' | undefined;
  /** So many calls in so many seconds. */
  limit?: { limit: number; windowSeconds: number } | undefined;
  /** Every call of the API is answered 503 for so long from the start. */
  outageMs?: number | undefined;
}

const twoHoursMs = 7_200_000;
let emulator: Emulator | undefined;
let behindMs = 0;

const tasks = {
  /** Starts a new one, with all counters at 0, in the place of the one before. */
  async start({ accessTokenLifetimeSeconds, tokenMs, apiMs, spentTokens, limit, outageMs }: Options) {
    await emulator?.close();
    emulator = await startEmulator({
      accessTokenLifetimeSeconds,
      spentTokens,
      // @procore/js-sdk sends its fields as JSON.
      tokenFields: 'anywhere',
      rateLimits: limit ? { spike: limit } : undefined,
      now: () => Date.now() - behindMs,
    });
    if (tokenMs) emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'delay', ms: tokenMs } });
    if (apiMs)
      emulator.misbehave({ on: 'api', times: Infinity, after: true, do: { kind: 'delay', ms: apiMs } });
    if (outageMs) emulator.outage({ retryAfterSeconds: 1, forMs: outageMs });
    const { url: origin, clientId, clientSecret } = emulator;
    return { origin, clientId, clientSecret };
  },
  /** A pair of a user; `expired`: one whose access token has expired long ago. */
  issue({ expired }: { expired: boolean }): TokenSet {
    behindMs = expired ? twoHoursMs : 0;
    const tokens = emulator!.issue();
    behindMs = 0;
    return tokens;
  },
  /** Ends the life of the access token, which its owners cannot know. */
  expire: () => emulator!.expire(),
  counters() {
    const {
      exchanges,
      unauthorized,
      tokenRequests,
      spentPresentations,
      duplicateWrites,
      byStatus,
      apiRequests,
    } = emulator!.counters;
    return {
      apiRequests,
      exchanges,
      tokenRequests,
      spentPresentations,
      unauthorized,
      limited: byStatus[429] ?? 0,
      unavailable: byStatus[503] ?? 0,
      duplicateWrites,
    };
  },
};
export type EmulatorProcess = typeof tasks;
answerParent(tasks);
