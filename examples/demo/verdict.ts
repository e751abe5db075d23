import type { AskedAtMs } from './asked.js';

/** What the verdict reads of one entry of the emulator's log; tokens are fingerprints. */
export interface LoggedRequest {
  readonly atMs: number;
  /** When its answer went out, if one did. */
  readonly answeredAtMs?: number;
  readonly kind: string;
  readonly method: string;
  readonly status?: number;
  /** The kind of the fault that struck it. */
  readonly fault?: string;
  /** API: the bearer that was presented. */
  readonly accessToken?: string;
  /** API: what the limits said of it. */
  readonly rateLimit?: { readonly remaining: number };
  /** API: it was the answer of an outage. */
  readonly outage?: boolean;
  /** API: it wrote something, heard or not. */
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

/** What happened in a sync, whoever made it, and what was done to it. */
export interface Sync {
  readonly failed: number;
  readonly concurrency: number;
  readonly lifetimeMs: number;
  /** Calls that were to write. */
  readonly writes: number;
  /** Writes that had been made already. */
  readonly duplicateWrites: number;
  /** Refresh answers that were dropped on purpose. */
  readonly lostAnswers: number;
  /** Access tokens that were revoked on purpose. */
  readonly revocations: number;
  readonly outage: {
    readonly durationMs: number;
    readonly retryAfterMs: number;
    /** The methods that were in flight when it came. */
    readonly methods: readonly string[];
  };
  readonly log: readonly LoggedRequest[];
  readonly askedAtMs: AskedAtMs;
}

/** A sync of one process. */
export interface Run extends Sync {
  /** Calls that waited for the limit, those of the outage left out. */
  readonly held: number;
}

/** What a run that should have gone well did wrong; nothing: it went well. */
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
  return failed === 0 ? [] : [`${failed} requests failed`];
}

/** What a client may know of its tokens' times, given what they are; in milliseconds. */
export interface Knowledge {
  /** The earliest expiry that it may go by, given what the client counts that asked for the token. */
  expiry(expiresAtMs: number): number;
  /** The longest life that it may go by. */
  lifetime(lifetimeMs: number): number;
}

/** A client that asks for all of its tokens itself is told both. */
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
    complaints.push(`${lost.length} answers were lost, ${lostAnswers} on purpose`);
  for (const [presented, times] of countBy(heard, ({ presented }) => presented)) {
    if (times > 1) complaints.push(`refresh token ${presented} was exchanged ${times} times`);
  }
  const spent = log.filter(({ outcome }) => outcome === 'spent').length;
  if (spent > 0) complaints.push(`a spent refresh token was presented ${spent} times`);
  return complaints;
}

/** A surprise costs at most the calls that were in flight when it came: one burst of 401s, for one token. */
function aboutRefusals({ log, concurrency, lostAnswers, revocations }: Run): string[] {
  const refused = log.filter(({ kind, status }) => kind === 'api' && status === 401);
  const surprises = lostAnswers + revocations;
  const complaints: string[] = [];
  if (refused.length > concurrency * surprises) {
    complaints.push(
      `${refused.length} answers of 401 for ${surprises} surprises at concurrency ${concurrency}`,
    );
  }
  for (const [token, times] of countBy(refused, ({ accessToken }) => accessToken)) {
    if (times > concurrency)
      complaints.push(`token ${token} was refused ${times} times at concurrency ${concurrency}`);
  }
  return complaints;
}

/** Paced by what the server tells, no call is one too many. */
export function aboutLimits({ log }: Sync): string[] {
  const limited = log.filter(({ status }) => status === 429).length;
  return limited === 0 ? [] : [`${limited} answers of 429`];
}

/** An outage costs the calls that were in flight when it came, and then one call of each process at a time asks, no sooner than it was told. */
export function aboutOutage({ log, concurrency, outage }: Sync, processes: number): string[] {
  const asked = processes * Math.ceil(outage.durationMs / outage.retryAfterMs);
  const struck = struckBy(log).length;
  return struck <= concurrency + asked
    ? []
    : [`${struck} requests in the outage at concurrency ${concurrency}: ${asked} more were to ask`];
}

/** Whatever a write met on its way, it is made once. */
export function aboutWrites({ log, writes, duplicateWrites }: Sync): string[] {
  const wrote = log.filter((entry) => entry.wrote).length;
  return [
    ...(duplicateWrites === 0 ? [] : [`${duplicateWrites} records were written twice`]),
    ...(wrote === writes ? [] : [`${writes} records were to be written, ${wrote} were`]),
  ];
}

/** A run in which nothing happened proves nothing. */
function aboutWhatWasShown(run: Run): string[] {
  return [...aboutTokensShown(run), ...aboutLimitsShown(run), ...aboutOutageShown(run)];
}

function aboutLimitsShown({ log, held }: Run): string[] {
  const complaints: string[] = [];
  if (windowsUsedUp(log) < 2) complaints.push('the run used up fewer than two windows of the limit');
  if (held === 0) complaints.push('no call waited for the limit');
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
  if (lost < lostAnswers) complaints.push(`${lostAnswers} answers were to be lost, ${lost} were`);
  if (afterRevocation < revocations)
    complaints.push(`${revocations} tokens were to be revoked, ${afterRevocation} were replaced for it`);
  if (exchanges.length - lost - afterRevocation < 2) complaints.push('the run saw fewer than two expiries');
  return complaints;
}

/** How often a call took the last that a window had left. */
export function windowsUsedUp(log: readonly LoggedRequest[]): number {
  return log.filter(({ status, rateLimit }) => status !== 429 && rateLimit?.remaining === 0).length;
}

/** The requests that the outage answered. */
function struckBy(log: readonly LoggedRequest[]): LoggedRequest[] {
  return log.filter(({ outage }) => outage);
}

/** Heard or not: a dropped answer has a pair in it too. */
function exchangesIn(log: readonly LoggedRequest[]): LoggedRequest[] {
  return log.filter(({ kind, outcome }) => kind === 'token' && outcome === 'issued');
}

/** Exchanges whose answer came. */
export function heardIn(log: readonly LoggedRequest[]): LoggedRequest[] {
  return exchangesIn(log).filter((exchange) => !isLost(exchange));
}

function isLost({ fault }: LoggedRequest): boolean {
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
