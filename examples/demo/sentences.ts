import type { SpikeLimit } from './limits.js';
import type { PlannedOutage } from './surprises.js';
import type { SyncOptions } from './options.js';
import { counted, countedWere, inSeconds, listed } from './words.js';
import type { LoggedRequest } from './verdict.js';

/** The first lines of a run: what will happen. */
export function opening(
  { requests, concurrency, durationSeconds, lifetimeSeconds }: SyncOptions,
  { who, limit, outage }: { who: string; limit?: SpikeLimit; outage: PlannedOutage },
): [string, string, string] {
  const surprises = [
    ...(limit ? [`a rate limit allows ${inOneWindow(limit)}`] : []),
    'one answer of the token endpoint is lost',
    `the API is down for ${inSeconds(outage.durationMs)}`,
    'a token is revoked on the server',
  ];
  return [
    `${who} ${requests} calls, ${concurrency} at a time, to an emulated Procore on this machine, for about ${inSeconds(1000 * durationSeconds)}.`,
    `Meanwhile each access token expires after ${inSeconds(1000 * lifetimeSeconds)}, ${listed(surprises)}.`,
    'The same calls are made without the plugin, too, on another emulator with the same surprises: there the application sets the bearer and refreshes after a 401 by itself.',
  ];
}

/** A limit that was used up. */
export function tellLimit(limit: SpikeLimit, held: number, refused: number): string {
  const got = refused === 0 ? 'no call got a 429' : `${counted(refused, 'call')} got a 429`;
  return `The limit of ${inOneWindow(limit)} was used up: ${counted(held, 'call')} waited for the next window, and ${got}.`;
}

/** Windows that have become longer. */
export function tellLonger(limit: SpikeLimit): string {
  return `This machine has too much to do to use up a window of the limit, which is ${inOneWindow(limit)} from now on.`;
}

/** The first renewal. `who` made it: the plugin, or a worker of a fleet. */
export function tellExpiry(who: string, isFleet: boolean): string {
  const others = isFleet ? ', and the other workers take the new one from the store' : ' once for all calls';
  return `The first access token neared its end: ${who} renewed it${others}.`;
}

/** A renewal after a lost answer. */
export function tellLostAnswer(who: string, afterMs: number): string {
  return `The answer to a token request was lost: ${who} presented the same refresh token again ${inSeconds(afterMs)} later, which works until the token of the lost answer is used.`;
}

/** An outage that is over. */
export function tellOutage(durationMs: number, struck: number, isFleet: boolean): string {
  const who = isFleet ? 'each worker held its calls' : 'the plugin held all calls';
  return `The API was down for ${inSeconds(durationMs)}: ${counted(struck, 'request')} got a 503, and ${who} until Retry-After was over, sent one to ask, and then sent the others again.`;
}

/** A renewal after a revocation, `refused` being the calls that got a 401. */
export function tellRevocation(who: string, refused: number): string {
  return `The access token was revoked on the server: ${counted(refused, 'call')} got a 401, ${who} renewed once, and ${refused === 1 ? 'it was' : 'they were'} sent again with the new token.`;
}

/** A renewal after a revocation in a fleet, while calls of others may still get a 401. */
export function tellRevocationOfFleet(who: string): string {
  return `The access token was revoked on the server: ${who} renewed it once for all, and each call that gets a 401 is sent again with the new token.`;
}

/** How the 401s of a fleet came about, and what became of them. */
export function explainRefusals(log: readonly LoggedRequest[], failed: number): string {
  const refused = log.filter(({ kind, status }) => kind === 'api' && status === 401);
  if (refused.length === 0) return 'No call got a 401.';
  const of = (refusal: string) => refused.filter((entry) => entry.refusal === refusal).length;
  const [replaced, revoked] = [of('replaced'), of('revoked')];
  const parts = [
    [replaced, 'with a token that another worker had replaced'],
    [revoked, 'with the token that was revoked'],
    [refused.length - replaced - revoked, 'with one that had expired'],
  ] as const;
  const told = parts
    .filter(([count]) => count > 0)
    .map(([count, how], index) => `${index === 0 ? `${countedWere(count, 'call')} sent` : count} ${how}`);
  const end = failed === 0 ? 'none of them failed' : `${counted(failed, 'call')} failed`;
  return `About the 401s: by one a worker learns that another has renewed the token, and sends the call again with the new one. ${listed(told)}; ${end}.`;
}

function inOneWindow({ limit, windowSeconds }: SpikeLimit): string {
  return `${counted(limit, 'call')} in ${inSeconds(1000 * windowSeconds)}`;
}
