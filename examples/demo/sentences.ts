import type { SpikeLimit } from './limits.js';
import type { PlannedOutage } from './surprises.js';
import type { SyncOptions } from './options.js';
import type { FleetPacing } from './fleet-verdict.js';
import { windowsUsedUp, type LoggedRequest } from './verdict.js';
import { counted, countedWere, inSeconds, listed } from './words.js';

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

/** What the processes of a fleet know of the limit that they share. */
export function tellPacing(pacing: FleetPacing): string {
  return pacing === 'together'
    ? 'The limit is one for all processes, and they pace together: each takes its calls from what is left for all, which is kept in Redis.'
    : 'The limit is one for all processes, but each paces by its own answers only: what the others send it learns too late, so that some calls are refused. With --store redis they pace together.';
}

/** The first window of the limit that a fleet has used up. */
export function tellLimitOfFleet(limit: SpikeLimit, pacing: FleetPacing): string {
  const how =
    pacing === 'together'
      ? 'they hold the others until the next window, in which one call of one worker goes first'
      : 'each holds the others once an answer of its own has said so, or a 429';
  return `All workers together have sent the ${inOneWindow(limit)} that the limit allows: ${how}.`;
}

/**
 * What came of the limit in a fleet: the windows that were used up, and the calls that were refused. `alone`: the workers that Redis did not
 * answer in time.
 */
export function explainLimit(
  log: readonly LoggedRequest[],
  pacing: FleetPacing,
  failed: number,
  alone: readonly string[],
): string {
  const windows = `the workers used up ${counted(windowsUsedUp(log), 'window')} of the limit`;
  const refused = log.filter(({ status }) => status === 429).length;
  if (refused === 0) return `About the limit: ${windows}, and no call got a 429.`;
  const because = ', because each worker learns too late what the others have sent';
  const meanwhile =
    alone.length === 0
      ? ''
      : `: Redis did not answer ${listed(alone)} in time, and who has no answer paces alone`;
  const why = pacing === 'together' ? meanwhile : because;
  return `About the 429s: ${windows}, and ${counted(refused, 'call')} got a 429${why}. What was refused is sent again when the server allows it; ${endOf(failed)}.`;
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

/** An outage that is over. `pacing`: of several workers, or that of one process alone. */
export function tellOutage(durationMs: number, struck: number, pacing: FleetPacing | 'alone'): string {
  const what = {
    alone: 'the plugin held all calls until Retry-After was over, sent one to ask',
    apart: 'each worker held its calls until Retry-After was over, sent one to ask',
    together: 'all workers held their calls until Retry-After was over, one of them sent one to ask',
  }[pacing];
  return `The API was down for ${inSeconds(durationMs)}: ${counted(struck, 'request')} got a 503, and ${what}, and then sent the others again.`;
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
  const of = (refusal: string) => refused.filter((entry) => entry.refusal === refusal);
  const replaced = of('replaced');
  const learning = replaced.filter(({ accessToken }) => accessToken === replaced[0]?.accessToken).length;
  const [revoked, expired] = [of('revoked').length, of('expired').length];
  const parts = [
    [
      learning,
      'a token that another worker had replaced, by which the workers learn that this server ends a token at its renewal',
    ],
    [
      replaced.length - learning,
      'a token replaced later, although who renews waits for the calls in flight from then on: it had not waited for these',
    ],
    [revoked, 'the token that was revoked'],
    [expired, 'one that expired on the way'],
    [refused.length - replaced.length - revoked - expired, 'another one'],
  ] as const;
  const told = parts
    .filter(([count]) => count > 0)
    .map(
      ([count, token], index) =>
        `${index === 0 ? `${countedWere(count, 'call')} sent` : count} with ${token}`,
    );
  return `About the 401s: ${told.join('; ')}. Each call that gets one is sent again with the new token; ${endOf(failed)}.`;
}

function endOf(failed: number): string {
  return failed === 0 ? 'none of them failed' : `${counted(failed, 'call')} failed`;
}

function inOneWindow({ limit, windowSeconds }: SpikeLimit): string {
  return `${counted(limit, 'call')} in ${inSeconds(1000 * windowSeconds)}`;
}
