/** What the verdict reads of one entry of the emulator's log; tokens are fingerprints. */
export interface LoggedRequest {
  readonly atMs: number;
  readonly kind: string;
  readonly status?: number;
  /** The kind of the fault that struck it. */
  readonly fault?: string;
  /** API: the bearer that was presented. */
  readonly accessToken?: string;
  /** Token: the refresh token that was presented. */
  readonly presented?: string;
  readonly outcome?: string;
  /** Token, issued: the pair that was redeemed. */
  readonly replaces?: { readonly expiresAtMs: number; readonly revokedAtMs?: number };
}

/** What happened in a run, and what was done to it. */
export interface Run {
  readonly failed: number;
  readonly concurrency: number;
  readonly lifetimeMs: number;
  /** Refresh answers that were dropped on purpose. */
  readonly lostAnswers: number;
  /** Access tokens that were revoked on purpose. */
  readonly revocations: number;
  readonly log: readonly LoggedRequest[];
}

/**
 * The client counts a token's life from the moment it sent its request, the server from the moment it issued the token: so much earlier
 * a renewal may arrive.
 */
const travelMs = 500;

/** What a run that should have gone well did wrong; nothing: it went well. */
export function complaintsAbout(run: Run): string[] {
  return [
    ...aboutFailures(run),
    ...aboutReasons(run),
    ...aboutRepetitions(run),
    ...aboutRefusals(run),
    ...aboutWhatWasShown(run),
  ];
}

/** The longest time before expiry at which the plugin renews by default: its ahead time with the full 20 % of jitter. */
export function longestAheadMs(lifetimeMs: number): number {
  return Math.min(1.2 * Math.min(5 * 60_000, 0.1 * lifetimeMs), lifetimeMs / 2);
}

function aboutFailures({ failed }: Run): string[] {
  return failed === 0 ? [] : [`${failed} requests failed`];
}

/** An exchange needs a reason: the token that it replaces was about to expire, had expired, or was revoked. */
function aboutReasons({ log, lifetimeMs }: Run): string[] {
  const earliestMs = longestAheadMs(lifetimeMs) + travelMs;
  return exchangesIn(log).flatMap(({ atMs, replaces }) => {
    if (!replaces) return ['an exchange replaced no token'];
    const { expiresAtMs, revokedAtMs } = replaces;
    if (revokedAtMs !== undefined && revokedAtMs <= atMs) return [];
    const leftMs = Math.round(expiresAtMs - atMs);
    return leftMs <= earliestMs
      ? []
      : [`a token was replaced without a reason, ${leftMs} ms before its expiry`];
  });
}

/** A refresh token is single-use: only one whose answer was lost may be presented again. */
function aboutRepetitions({ log, lostAnswers }: Run): string[] {
  const lost = exchangesIn(log).filter(({ fault }) => fault !== undefined);
  const heard = exchangesIn(log).filter(({ fault }) => fault === undefined);
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

/** A run in which nothing happened proves nothing. */
function aboutWhatWasShown({ log, lostAnswers, revocations }: Run): string[] {
  const exchanges = exchangesIn(log);
  const lost = exchanges.filter(({ fault }) => fault !== undefined).length;
  const afterRevocation = exchanges.filter(({ replaces }) => replaces?.revokedAtMs !== undefined).length;
  const complaints: string[] = [];
  if (lost < lostAnswers) complaints.push(`${lostAnswers} answers were to be lost, ${lost} were`);
  if (afterRevocation < revocations)
    complaints.push(`${revocations} tokens were to be revoked, ${afterRevocation} were replaced for it`);
  if (exchanges.length - lost - afterRevocation < 2) complaints.push('the run saw fewer than two expiries');
  return complaints;
}

/** Heard or not: a dropped answer has a pair in it too. */
function exchangesIn(log: readonly LoggedRequest[]): LoggedRequest[] {
  return log.filter(({ kind, outcome }) => kind === 'token' && outcome === 'issued');
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item) ?? '(none)';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
