import type { AskedAtMs } from './asked.js';
import { counted, countedWere, wasOrWere } from './words.js';

/** What the verdict reads of one entry of the emulator's log; tokens are fingerprints. */
export interface LoggedRequest {
  readonly atMs: number;
  /** When its answer was sent, if there was one. */
  readonly answeredAtMs?: number;
  readonly kind: string;
  readonly method: string;
  readonly status?: number;
  /** The kind of the fault that struck it. */
  readonly fault?: string;
  /** API: the bearer token of the request. */
  readonly accessToken?: string;
  /** API: the state of the rate limits. */
  readonly rateLimit?: {
    readonly remaining: number;
    /** True where the call exceeded a limit. */
    readonly limited?: boolean;
  };
  /** API: why the answer is a 401. */
  readonly refusal?: string;
  /** API: it was the answer of an outage. */
  readonly outage?: boolean;
  /** API: true where it wrote something, whether or not its answer arrived. */
  readonly wrote?: boolean;
  /** Token: the refresh token that was presented. */
  readonly presented?: string;
  readonly outcome?: string;
  /** Token, issued: the new pair. */
  readonly issued?: { readonly accessToken: string; readonly refreshToken?: string };
  /** Token, issued: the pair that was redeemed. */
  readonly replaces?: {
    readonly accessToken: string;
    readonly expiresAtMs: number;
    readonly revokedAtMs?: number;
  };
}

/** The facts of a sync and of its faults, for one process or several. */
export interface Sync {
  readonly failed: number;
  readonly concurrency: number;
  readonly lifetimeMs: number;
  /** Calls that should write. */
  readonly writes: number;
  /** Writes that were made twice. */
  readonly duplicateWrites: number;
  /** Refresh answers that were dropped on purpose. */
  readonly lostAnswers: number;
  /** Access tokens that were revoked on purpose. */
  readonly revocations: number;
  readonly outage: {
    readonly durationMs: number;
    readonly retryAfterMs: number;
    /** The methods of the calls that must have met it. */
    readonly methods: readonly string[];
  };
  readonly log: readonly LoggedRequest[];
  readonly askedAtMs: AskedAtMs;
}

/** A sync of one process. */
export interface Run extends Sync {
  /** Calls that waited for the limit, without those that waited for the outage. */
  readonly held: number;
}

/** The complaints about a run; an empty list for a run without fault. */
export function complaintsAbout(run: Run): string[] {
  return [
    ...aboutFailures(run),
    ...aboutReasons(run, exactly),
    ...aboutRepetitions(run),
    ...aboutRefusals(run),
    ...aboutLimits(run),
    ...aboutOutage(run, 1),
    ...aboutWrites(run),
    ...aboutWhatWasShown(run),
  ];
}

/** The longest time before expiry at which the plugin renews by default: its ahead time with the full 20 % of jitter. */
export function longestAheadMs(lifetimeMs: number): number {
  return Math.min(1.2 * Math.min(5 * 60_000, 0.1 * lifetimeMs), lifetimeMs / 2);
}

export function aboutFailures({ failed }: Sync): string[] {
  return failed === 0 ? [] : [`${counted(failed, 'request')} failed`];
}

/** The times of a token as a client may know them, in milliseconds, from the exact times. */
export interface Knowledge {
  /** The earliest expiry that the client may assume, from the expiry of the client that requested the token. */
  expiry(expiresAtMs: number): number;
  /** The longest lifetime that the client may assume. */
  lifetime(lifetimeMs: number): number;
}

/** A client that requests all of its tokens itself knows the exact times. */
const exactly: Knowledge = {
  expiry: (expiresAtMs) => expiresAtMs,
  lifetime: (lifetimeMs) => lifetimeMs,
};

/** An exchange needs a reason: the token that it replaces was about to expire, had expired, or was revoked. */
export function aboutReasons({ log, lifetimeMs, askedAtMs }: Sync, known: Knowledge): string[] {
  const aheadMs = longestAheadMs(known.lifetime(lifetimeMs));
  return exchangesIn(log).flatMap(({ atMs, replaces }) => {
    if (!replaces) return ['an exchange replaced no token'];
    const { accessToken, expiresAtMs, revokedAtMs } = replaces;
    if (revokedAtMs !== undefined && revokedAtMs <= atMs) return [];
    const leftMs = Math.round(expiresAtMs - atMs);
    const countedMs = Math.min(expiresAtMs, (askedAtMs.get(accessToken) ?? Infinity) + lifetimeMs);
    return atMs >= known.expiry(countedMs) - aheadMs
      ? []
      : [`a token was replaced without a reason, ${leftMs} ms before its expiry`];
  });
}

/** A refresh token is single-use: only one whose answer was lost may be presented again. */
export function aboutRepetitions({ log, lostAnswers }: Sync): string[] {
  const lost = exchangesIn(log).filter(isLost);
  const heard = heardIn(log);
  const complaints: string[] = [];
  if (lost.length > lostAnswers)
    complaints.push(`${countedWere(lost.length, 'answer')} lost, ${lostAnswers} on purpose`);
  for (const [presented, times] of countBy(heard, ({ presented }) => presented)) {
    if (times > 1) complaints.push(`refresh token ${presented} was exchanged ${times} times`);
  }
  const spent = log.filter(({ outcome }) => outcome === 'spent').length;
  if (spent > 0) complaints.push(`a spent refresh token was presented ${counted(spent, 'time')}`);
  return complaints;
}

/**
 * A lost answer or a revocation may cost one burst of 401s for one token: of the calls that were in flight. On a busy machine, a call that
 * left before its token expired may arrive after it. Those of one token were in flight at the same time, too.
 */
function aboutRefusals({ log, concurrency, lostAnswers, revocations }: Run): string[] {
  const refused = log.filter(({ kind, status }) => kind === 'api' && status === 401);
  const inTime = refused.filter(({ refusal }) => refusal !== 'expired').length;
  const surprises = lostAnswers + revocations;
  const complaints: string[] = [];
  if (inTime > concurrency * surprises) {
    complaints.push(
      `${inTime} answers of 401 for ${counted(surprises, 'surprise')} at concurrency ${concurrency}`,
    );
  }
  for (const [token, times] of countBy(refused, ({ accessToken }) => accessToken)) {
    if (times > concurrency)
      complaints.push(`token ${token} was refused ${times} times at concurrency ${concurrency}`);
  }
  return complaints;
}

/** Because calls are paced by the rate-limit headers, there must be no 429. */
function aboutLimits({ log }: Sync): string[] {
  const limited = log.filter(({ status }) => status === 429).length;
  return limited === 0 ? [] : [`${counted(limited, 'answer')} of 429`];
}

/**
 * An outage may cost the calls that were in flight when it began. After that, each process sends one call at a time, and not before
 * `Retry-After` has passed.
 */
export function aboutOutage({ log, concurrency, outage }: Sync, processes: number): string[] {
  const asked = processes * Math.ceil(outage.durationMs / outage.retryAfterMs);
  const struck = struckBy(log).length;
  return struck <= concurrency + asked
    ? []
    : [
        `${struck} requests in the outage at concurrency ${concurrency}: ${asked} more ${wasOrWere(asked)} to ask`,
      ];
}

/** Each write must be made exactly once, whatever faults it met. */
export function aboutWrites({ log, writes, duplicateWrites }: Sync): string[] {
  const wrote = log.filter((entry) => entry.wrote).length;
  return [
    ...(duplicateWrites === 0 ? [] : [`${countedWere(duplicateWrites, 'record')} written twice`]),
    ...(wrote === writes
      ? []
      : [`${countedWere(writes, 'record')} to be written, ${wrote} ${wasOrWere(wrote)}`]),
  ];
}

/** All faults must have occurred, because otherwise the run proves nothing. */
function aboutWhatWasShown(run: Run): string[] {
  return [...aboutTokensShown(run), ...aboutLimitsShown(run), ...aboutOutageShown(run)];
}

function aboutLimitsShown(run: Run): string[] {
  const complaints: string[] = [];
  if (windowsUsedUp(run.log) < 2) complaints.push('the run used up fewer than two windows of the limit');
  if (run.held === 0) complaints.push('no call waited for the limit');
  return complaints;
}

export function aboutOutageShown({ log, outage }: Sync): string[] {
  const struck = struckBy(log);
  if (struck.length === 0) return ['the outage struck no call'];
  return outage.methods.flatMap((name) =>
    struck.some(({ method }) => method === name) ? [] : [`the outage struck no ${name}`],
  );
}

export function aboutTokensShown({ log, lostAnswers, revocations }: Sync): string[] {
  const exchanges = exchangesIn(log);
  const lost = exchanges.filter(isLost).length;
  const afterRevocation = exchanges.filter(({ replaces }) => replaces?.revokedAtMs !== undefined).length;
  const complaints: string[] = [];
  if (lost < lostAnswers)
    complaints.push(`${countedWere(lostAnswers, 'answer')} to be lost, ${lost} ${wasOrWere(lost)}`);
  if (afterRevocation < revocations)
    complaints.push(
      `${countedWere(revocations, 'token')} to be revoked, ${afterRevocation} ${wasOrWere(afterRevocation)} replaced for it`,
    );
  if (exchanges.length - lost - afterRevocation < 2) complaints.push('the run saw fewer than two expiries');
  return complaints;
}

/** How often a call used up a window of the limit. */
export function windowsUsedUp(log: readonly LoggedRequest[]): number {
  return log.filter(({ rateLimit }) => rateLimit?.remaining === 0 && !rateLimit.limited).length;
}

/** The requests that the outage answered. */
export function struckBy(log: readonly LoggedRequest[]): LoggedRequest[] {
  return log.filter(({ outage }) => outage);
}

/** The exchanges, including those whose answer was dropped. */
function exchangesIn(log: readonly LoggedRequest[]): LoggedRequest[] {
  return log.filter(({ kind, outcome }) => kind === 'token' && outcome === 'issued');
}

/** The exchanges whose answer arrived. */
export function heardIn(log: readonly LoggedRequest[]): LoggedRequest[] {
  return exchangesIn(log).filter((exchange) => !isLost(exchange));
}

/** An exchange whose answer was dropped. */
export function isLost({ fault }: LoggedRequest): boolean {
  return fault === 'drop';
}

export function countBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item) ?? '(none)';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
