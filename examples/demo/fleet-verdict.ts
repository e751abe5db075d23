import {
  aboutFailures,
  aboutOutage,
  aboutOutageShown,
  aboutReasons,
  aboutRepetitions,
  aboutTokensShown,
  aboutWrites,
  countBy,
  heardIn,
  windowsUsedUp,
  type Knowledge,
  type Sync,
} from './verdict.js';
import { windowsIn, windowsTogether, type AloneSpan } from './windows-together.js';
import { counted } from './words.js';

/**
 * How the workers keep within the limit that they share. `together`: they know from each other what is left of it. `apart`: each knows only
 * what its own answers tell.
 */
export type FleetPacing = 'together' | 'apart';

/** The result of one worker. Tokens are fingerprints. */
export interface WorkerRun {
  readonly name: string;
  readonly heldByOutage: number;
  readonly renewals: number;
  readonly adoptions: number;
  /** Answers of 401. */
  readonly unauthorized: number;
  /** When it paced alone, because Redis did not answer in time. */
  readonly alone: readonly AloneSpan[];
  /** The access token that it ended with. */
  readonly accessToken: string;
}

/** A sync of several processes on one store. */
export interface FleetRun extends Sync {
  readonly pacing: FleetPacing;
  readonly workers: readonly WorkerRun[];
  /** The content of the store at the end. */
  readonly stored: { readonly accessToken: string; readonly isLive: boolean };
}

/**
 * The times of a pair that was adopted from the store have whole seconds: its expiry there, and its lifetime in the JWT. That is the
 * difference of two times that are rounded down, so that 2.5 seconds may become 3.
 */
const fromStore: Knowledge = {
  expiry: (expiresAtMs) => 1000 * Math.floor(expiresAtMs / 1000),
  lifetime: (lifetimeMs) => 1000 * Math.ceil(lifetimeMs / 1000),
};

/** The complaints about a run; an empty list for a run without fault. */
export function complaintsAboutFleet(run: FleetRun): string[] {
  return [
    ...aboutFailures(run),
    ...aboutReasons(run, fromStore),
    ...aboutRepetitions(run),
    ...aboutTurns(run),
    ...aboutSuccession(run),
    ...aboutNews(run),
    ...aboutRefusals(run),
    ...aboutPacing(run),
    ...aboutOutage(run, run.pacing === 'together' ? 1 : run.workers.length),
    ...aboutWrites(run),
    ...aboutEnds(run),
    ...aboutTokensShown(run),
    ...aboutLimitShown(run),
    ...aboutOutageShown(run),
    ...aboutWorkersShown(run),
  ];
}

/**
 * Workers that pace together get no 429. Neither the outage nor the revocation excuses one: what is sent again for them has its place in
 * the limit, too. A worker that has no reply from Redis within half a second paces alone, as on a busy machine, and the others do not know of
 * its calls then: a 429 of that time is no fault.
 */
function aboutPacing({ pacing, workers, log }: FleetRun): string[] {
  if (pacing === 'apart') return [];
  const windows = windowsIn(log);
  const together = windowsTogether(
    windows,
    workers.flatMap(({ alone }) => alone),
  );
  if (windows.length > 0 && together.length === 0)
    return ['in no window of the limit did all workers pace together'];
  const refused = together.reduce((sum, window) => sum + window.refused.length, 0);
  return refused === 0 ? [] : [`${counted(refused, 'answer')} of 429 while all workers paced together`];
}

/** The lock excludes all workers: while a token request is under way there must be no other. */
function aboutTurns({ log }: FleetRun): string[] {
  const requests = log.filter(({ kind }) => kind === 'token');
  const overlaps = requests.filter((one, index) =>
    // A request whose answer was dropped ended when it was carried out.
    requests.slice(0, index).some((other) => one.atMs < (other.answeredAtMs ?? other.atMs)),
  ).length;
  return overlaps === 0 ? [] : [`${counted(overlaps, 'token request')} came while another was under way`];
}

/** Each renewal must redeem the pair of the renewal before, whichever worker makes it. */
function aboutSuccession({ log }: FleetRun): string[] {
  const heard = heardIn(log);
  return heard.slice(1).flatMap(({ presented }, index) => {
    const expected = heard[index]!.issued?.refreshToken;
    return presented === expected
      ? []
      : [`refresh token ${presented} was exchanged, not the one of the renewal before, ${expected}`];
  });
}

/** Each exchange of the server must be the renewal of one worker, and adopted by the others. */
function aboutNews({ log, workers }: FleetRun): string[] {
  const exchanged = heardIn(log).length;
  const told = workers.reduce((sum, { renewals }) => sum + renewals, 0);
  return told === exchanged
    ? []
    : [`the workers tell of ${counted(told, 'renewal')}, the server of ${exchanged}`];
}

/** A process may learn of another's renewal by 401s of its calls in flight. It must send no further calls with that token. */
function aboutRefusals({ log, concurrency }: FleetRun): string[] {
  const refused = log.filter(({ kind, status }) => kind === 'api' && status === 401);
  return [...countBy(refused, ({ accessToken }) => accessToken)].flatMap(([token, times]) =>
    times <= concurrency ? [] : [`token ${token} was refused ${times} times at concurrency ${concurrency}`],
  );
}

/** At the end, the store must hold the pair that was issued last, its token must work, and each worker must have it. */
function aboutEnds({ log, workers, stored }: FleetRun): string[] {
  const complaints: string[] = [];
  const newest = heardIn(log).at(-1)?.issued?.accessToken;
  if (newest !== stored.accessToken)
    complaints.push(`the store ends with token ${stored.accessToken}, the server issued ${newest} last`);
  if (!stored.isLive) complaints.push('the refresh token in the store does not work');
  for (const { name, accessToken } of workers) {
    if (accessToken !== stored.accessToken)
      complaints.push(`${name} ends with token ${accessToken}, the store with ${stored.accessToken}`);
  }
  return complaints;
}

/** One window is enough, because several processes take their time to begin, so that they do not use up the first ones. */
function aboutLimitShown({ log }: FleetRun): string[] {
  return windowsUsedUp(log) === 0 ? ['the run used up no window of the limit'] : [];
}

/**
 * Each worker must have met a renewal and the outage, because otherwise the run proves nothing about it. Those that pace together need not
 * meet the outage: one that has no call under way hears of it from the others.
 */
function aboutWorkersShown({ pacing, workers }: FleetRun): string[] {
  return workers.flatMap(({ name, heldByOutage, renewals, adoptions }) => [
    ...(renewals + adoptions > 0 ? [] : [`${name} saw no renewal`]),
    ...(pacing === 'together' || heldByOutage > 0 ? [] : [`${name} did not wait in the outage`]),
  ]);
}
