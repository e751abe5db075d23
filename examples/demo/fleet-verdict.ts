import {
  aboutFailures,
  aboutLimits,
  aboutOutage,
  aboutOutageShown,
  aboutReasons,
  aboutRepetitions,
  aboutTokensShown,
  aboutWrites,
  countBy,
  heardIn,
  type Knowledge,
  type Sync,
} from './verdict.js';

/** How one worker has fared; tokens are fingerprints. */
export interface WorkerRun {
  readonly name: string;
  readonly heldByOutage: number;
  readonly renewals: number;
  readonly adoptions: number;
  /** The access token that it ended with. */
  readonly accessToken: string;
}

/** A sync of several processes on one store. */
export interface FleetRun extends Sync {
  readonly workers: readonly WorkerRun[];
  /** What the store held in the end. */
  readonly stored: { readonly accessToken: string; readonly isLive: boolean };
}

/**
 * Who takes a pair from the store reads its times in whole seconds: its expiry there, and its life in the JWT, as the difference of two
 * times that are rounded down, so that 2.5 seconds may be 3.
 */
const fromStore: Knowledge = {
  expiry: (expiresAtMs) => 1000 * Math.floor(expiresAtMs / 1000),
  lifetime: (lifetimeMs) => 1000 * Math.ceil(lifetimeMs / 1000),
};

/** What a run that should have gone well did wrong; nothing: it went well. */
export function complaintsAboutFleet(run: FleetRun): string[] {
  return [
    ...aboutFailures(run),
    ...aboutReasons(run, fromStore),
    ...aboutRepetitions(run),
    ...aboutTurns(run),
    ...aboutSuccession(run),
    ...aboutNews(run),
    ...aboutRefusals(run),
    ...aboutLimits(run),
    ...aboutOutage(run, run.workers.length),
    ...aboutWrites(run),
    ...aboutEnds(run),
    ...aboutTokensShown(run),
    ...aboutOutageShown(run),
    ...aboutWorkersShown(run),
  ];
}

/** The lock is the whole fleet's: while a token request is under way nobody makes another. */
function aboutTurns({ log }: FleetRun): string[] {
  const requests = log.filter(({ kind }) => kind === 'token');
  const overlaps = requests.filter((one, index) =>
    // One that was dropped was over when it was carried out.
    requests.slice(0, index).some((other) => one.atMs < (other.answeredAtMs ?? other.atMs)),
  ).length;
  return overlaps === 0 ? [] : [`${overlaps} token requests came while another was under way`];
}

/** Whoever renews, it is with the pair of the renewal before: one line of pairs, not one for each process. */
function aboutSuccession({ log }: FleetRun): string[] {
  const heard = heardIn(log);
  return heard.slice(1).flatMap(({ presented }, index) => {
    const expected = heard[index]!.issued?.refreshToken;
    return presented === expected
      ? []
      : [`refresh token ${presented} was exchanged, not the one of the renewal before, ${expected}`];
  });
}

/** What the server has exchanged, one worker has renewed; the others have taken it over. */
function aboutNews({ log, workers }: FleetRun): string[] {
  const exchanged = heardIn(log).length;
  const told = workers.reduce((sum, { renewals }) => sum + renewals, 0);
  return told === exchanged ? [] : [`the workers tell of ${told} renewals, the server of ${exchanged}`];
}

/** A process may learn of another's renewal by the 401s of its calls in flight, and sends no more of them with that token. */
function aboutRefusals({ log, concurrency }: FleetRun): string[] {
  const refused = log.filter(({ kind, status }) => kind === 'api' && status === 401);
  return [...countBy(refused, ({ accessToken }) => accessToken)].flatMap(([token, times]) =>
    times <= concurrency ? [] : [`token ${token} was refused ${times} times at concurrency ${concurrency}`],
  );
}

/** The store holds what was issued last, it works, and everybody has it. */
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

/** A worker that met nothing proves nothing. */
function aboutWorkersShown({ workers }: FleetRun): string[] {
  return workers.flatMap(({ name, heldByOutage, renewals, adoptions }) => [
    ...(renewals + adoptions > 0 ? [] : [`${name} saw no renewal`]),
    ...(heldByOutage > 0 ? [] : [`${name} did not wait in the outage`]),
  ]);
}
