import type { Scenario } from './scenario.js';
import type { World } from './world.js';

/** An authorization of a user, and everything that came of it. */
export interface Line {
  readonly id: number;
  readonly account: number;
  readonly user: string;
  /** The happening that ended it: a spent refresh token was presented to a server that takes it for theft. */
  revokedBy: Presentation | undefined;
}

/** An access token, with the refresh token that renews it. */
export interface Pair {
  readonly line: Line;
  readonly access: string;
  readonly refresh: string | undefined;
  readonly expiresAtMs: number;
  readonly parent: Pair | undefined;
  accessDead: boolean;
  /** What spent its refresh token. */
  spentBy: Presentation | undefined;
  replaced: boolean;
}

/** A token request that the server has carried out. */
export interface Presentation {
  readonly atMs: number;
  readonly by: string;
  /** The pair whose refresh token was presented; none for `client_credentials`. */
  readonly pair: Pair | undefined;
  readonly result: 'issued' | 'spent' | 'revoked' | 'unknown';
  readonly issued: Pair | undefined;
  /** When its answer arrived; undefined: not yet, or never. */
  answeredAtMs: number | undefined;
  /** The answer was lost on its way. */
  lost: boolean;
}

/** What goes back. */
interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Record<string, string>;
}

/** The login host and the API of a model, in memory. */
export interface Server {
  readonly presentations: readonly Presentation[];
  /** What the API has answered with 401: by whom and when. */
  readonly refusals: readonly {
    readonly atMs: number;
    readonly by: string;
    readonly account: number | undefined;
    readonly pair: Pair | undefined;
  }[];
  /** Starts an authorization; an answer of the token endpoint. */
  logIn(account: number, user: string): Record<string, unknown>;
  token(form: URLSearchParams, by: string): { answer: Answer; presentation: Presentation | undefined };
  api(bearer: string | undefined, by: string): { answer: Answer; pair: Pair | undefined };
  pairOfRefresh(token: unknown): Pair | undefined;
  pairOfAccess(token: unknown): Pair | undefined;
  /** Whether this refresh token would be redeemed now. */
  isUsable(pair: Pair): boolean;
  /** The newest authorization of an account. */
  lineOf(account: number): Line | undefined;
  revokeAccess(account: number): void;
  busyUntilMs: number;
}

/** Creates a server without authorizations. */
export function createServer(world: World, { server: kind, grant }: Scenario): Server {
  const byRefresh = new Map<string, Pair>();
  const byAccess = new Map<string, Pair>();
  const lines: Line[] = [];
  const presentations: Presentation[] = [];
  const refusals: Server['refusals'][number][] = [];
  const ofLine = (line: Line) => [...byAccess.values()].filter((pair) => pair.line === line);
  const serverNowMs = () => world.now() + kind.skewMs;
  const headers = () => ({ date: new Date(serverNowMs()).toUTCString() });

  function issue(line: Line, parent?: Pair): Pair {
    const number = byAccess.size + 1;
    const expiresAtMs = world.now() + kind.lifeSeconds * 1000;
    const pair: Pair = {
      line,
      access: accessToken(number, line.user),
      refresh: grant === 'refresh_token' ? `refresh-${number}-of-${line.id}-${line.user}` : undefined,
      expiresAtMs,
      parent,
      accessDead: false,
      spentBy: undefined,
      replaced: false,
    };
    byAccess.set(pair.access, pair);
    if (pair.refresh) byRefresh.set(pair.refresh, pair);
    return pair;
  }

  function accessToken(number: number, user: string): string {
    if (kind.tokens === 'opaque') return `access-${number}-${user}`;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const iat = Math.floor(serverNowMs() / 1000);
    const claims = { iss: 'model', sub: user, iat, exp: iat + kind.lifeSeconds, jti: String(number) };
    return `${encode({ alg: 'ES512', typ: 'JWT' })}.${encode(claims)}.${number}`;
  }

  const wireOf = (pair: Pair) => ({
    access_token: pair.access,
    ...(pair.refresh && { refresh_token: pair.refresh }),
    token_type: 'Bearer',
    expires_in: kind.lifeSeconds,
    created_at: Math.floor(serverNowMs() / 1000),
  });

  function newLine(account: number, user: string): Line {
    const line: Line = { id: lines.length + 1, account, user, revokedBy: undefined };
    lines.push(line);
    return line;
  }

  function descends(pair: Pair | undefined, from: Pair): boolean {
    for (let at = pair; at; at = at.parent) if (at === from) return true;
    return false;
  }

  function isUsable(pair: Pair): boolean {
    return !pair.line.revokedBy && !pair.spentBy && !pair.replaced;
  }

  function present(pair: Pair | undefined, by: string): Presentation {
    const base = { atMs: world.now(), by, pair, issued: undefined, answeredAtMs: undefined, lost: false };
    if (!pair) return { ...base, result: 'unknown' };
    if (pair.line.revokedBy) return { ...base, result: 'revoked' };
    if (!isUsable(pair)) {
      const spent: Presentation = { ...base, result: 'spent' };
      if (kind.familyRevocation) pair.line.revokedBy = spent;
      return spent;
    }
    const issued = issue(pair.line, pair);
    const presentation: Presentation = { ...base, result: 'issued', issued };
    if (kind.oldAccess !== 'dies-at-use') pair.spentBy = presentation;
    if (kind.oldAccess === 'dies') pair.accessDead = true;
    return presentation;
  }

  /** The use of a pair decides between it and all that it does not lead to. */
  function settle(winner: Pair): void {
    for (const pair of ofLine(winner.line)) {
      if (descends(pair, winner)) continue;
      pair.replaced = true;
      pair.accessDead = true;
      // Whoever has redeemed it for the winner has spent it; a branch that was not used was spent by nobody.
      if (descends(winner, pair))
        pair.spentBy ??= presentations.find(
          ({ issued }) => issued?.parent === pair && descends(winner, issued),
        );
    }
  }

  return {
    presentations,
    refusals,
    busyUntilMs: 0,
    logIn: (account, user) => wireOf(issue(newLine(account, user))),
    token(form, by) {
      if (world.now() < this.busyUntilMs)
        return {
          answer: { status: 503, data: '', headers: { ...headers(), 'retry-after': '1' } },
          presentation: undefined,
        };
      if (form.get('grant_type') === 'client_credentials') {
        const line = lines.at(-1) ?? newLine(0, 'service');
        const issued = issue(line);
        if (kind.oldAccess === 'dies')
          for (const pair of ofLine(line)) if (pair !== issued) pair.accessDead = true;
        const base = { atMs: world.now(), by, pair: undefined, answeredAtMs: undefined, lost: false };
        const presentation: Presentation = { ...base, result: 'issued', issued };
        presentations.push(presentation);
        return { answer: { status: 200, data: wireOf(issued), headers: headers() }, presentation };
      }
      const presentation = present(byRefresh.get(form.get('refresh_token') ?? ''), by);
      presentations.push(presentation);
      const answer = presentation.issued
        ? { status: 200, data: wireOf(presentation.issued), headers: headers() }
        : { status: 400, data: { error: 'invalid_grant' }, headers: headers() };
      return { answer, presentation };
    },
    api(bearer, by) {
      const pair = byAccess.get(bearer ?? '');
      const isGood = pair && !pair.accessDead && !pair.line.revokedBy && world.now() < pair.expiresAtMs;
      if (isGood) {
        if (kind.oldAccess === 'dies-at-use' && grant === 'refresh_token') settle(pair);
        return { answer: { status: 200, data: { user: pair.line.user }, headers: headers() }, pair };
      }
      refusals.push({ atMs: world.now(), by, account: pair?.line.account, pair });
      const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return { answer: { status: 401, data: '', headers: { ...headers(), ...challenge } }, pair };
    },
    pairOfRefresh: (token) => byRefresh.get(token as string),
    pairOfAccess: (token) => byAccess.get(token as string),
    isUsable,
    lineOf: (account) => lines.filter((line) => line.account === account).at(-1),
    revokeAccess(account) {
      for (const pair of byAccess.values())
        if (pair.line.account === account || grant === 'client_credentials') pair.accessDead = true;
    },
  };
}
