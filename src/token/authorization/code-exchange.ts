import type { Env } from '../../time/env.js';
import { TokenRenewalError, type ProcoreError } from '../../failure/errors.js';
import type { Settings } from '../../options/options.js';
import { copyOf } from '../../store/copy-of.js';
import type { TokenSet } from '../../store/store.js';
import type { GrantType } from '../pair/comparison.js';
import { failuresOf } from '../told/failures.js';
import { fingerprint } from '../pair/fingerprint.js';
import { tokenRequestForm, type CodeGrant } from '../endpoint/forms.js';
import { judgeAnswer, type Verdict } from '../endpoint/verdict.js';
import { createAccess } from '../endpoint/login-access.js';
import { askUntilVerdict, type Unasked } from '../endpoint/until-verdict.js';
import type { Login } from '../endpoint/login.js';
import type { LoginGate } from '../endpoint/login-gate.js';
import type { ClientGrants } from '../grant/registry.js';
import {
  holdAnswer,
  mergeAnswer,
  withExpiresAt,
  type AheadChoice,
  type HeldTokens,
} from '../pair/token-set.js';

/** A code that the browser brought, and the redirect URI that it was asked for with. */
export interface AuthorizationCode {
  readonly code: string;
  readonly redirectUri: string;
}

/** Begins a new generation with tokens: saves and uses them. Resolves with the set as it was saved. */
export type Take = (held: HeldTokens) => Promise<TokenSet>;

/** Exchanges authorization codes for tokens of one account. */
export interface CodeExchange {
  /** Presents the code once, and hands the tokens over. A second call with the same code joins the first. */
  exchange(login: Login, code: AuthorizationCode, take: Take): Promise<TokenSet>;
  /** What is under way and must not be cut off; resolves with the generations that its tokens have begun. */
  underWay(): Promise<readonly (AbortSignal | undefined)[]> | undefined;
}

interface Exchanging {
  readonly over: Promise<TokenSet>;
  /** The generation of its tokens, once it has brought them. */
  generation?: AbortSignal;
}

/** Nothing but its own bounds ends the exchange of a code: its tokens would be lost. */
const never = new AbortController().signal;

/** Creates the code exchange of one account. */
export function createCodeExchange(deps: {
  env: Env;
  account: string;
  grant: GrantType;
  settings: Settings['renewal'];
  grants: ClientGrants;
  loginGate: () => LoginGate;
  serverOffsetMs: () => number;
  ahead: () => AheadChoice;
  generation: () => AbortSignal;
}): CodeExchange {
  const { env, account, settings, grants, serverOffsetMs } = deps;
  const failures = failuresOf(account, deps.grant);
  const underWay = new Map<string, Exchanging>();

  /** A client must not use a code twice (RFC 6749, section 4.1.2): a server may revoke what the first use was answered with. */
  async function present(login: Login, code: AuthorizationCode, key: string) {
    if (grants.outcomeOf(key))
      throw failures.dead('code-invalid', 'this code has been presented before').error;
    const grant: CodeGrant = {
      type: 'authorization_code',
      code: code.code,
      redirect_uri: code.redirectUri,
    };
    const request = {
      path: '/oauth/token',
      form: (client: { id: string; secret: string }) => tokenRequestForm(grant, client),
      secrets: [code.code],
      judge: judgeAnswer,
    } as const;
    const { answerTimeoutMs, totalMs } = settings;
    const endsAtMs = env.now() + totalMs;
    const leastAnswerMs = Math.min(answerTimeoutMs, totalMs / 4);
    const gate = deps.loginGate();
    const ticket = gate.ticket();
    // Log-ins go before all renewals, because a person waits, and a code lives for minutes only.
    const access = createAccess(env, gate, {
      most: settings.concurrency,
      rank: () => 'first',
      ticket: () => ticket,
      waitsUntilMs: () => endsAtMs - leastAnswerMs,
    });
    // A code works once: it is not presented again after a lost answer.
    const resends = 0;
    const persistence = { endsAtMs, answerTimeoutMs, leastAnswerMs, resends, signal: never, gate: access };
    const verdict = await askUntilVerdict(env, persistence, (answerTimeoutMs) =>
      login.send(request, { signal: never, answerTimeoutMs }),
    );
    access.leave();
    if (isUsed(verdict)) grants.record(key, { kind: 'dead', reason: 'refresh-token-invalid' });
    return verdict;
  }

  function errorOf(
    verdict: Exclude<Verdict, { kind: 'renewed' }> | Unasked,
    retryAtMs: number | undefined,
  ): ProcoreError {
    if (verdict.kind === 'invalid-grant') return failures.dead('code-invalid', verdict.why).error;
    if (verdict.kind === 'perhaps-spent')
      return failures.dead('code-response-lost', verdict.why, verdict.cause).error;
    if (verdict.kind === 'client-rejected') return failures.rejected(verdict.why).error;
    const summary = `the authorization code of account ${JSON.stringify(account)} could not be exchanged: asked for a token, ${verdict.why}. Nothing says that the code was used: it can be presented again within its ten minutes.`;
    const retryAt = retryAtMs === undefined ? undefined : new Date(retryAtMs);
    const cause = 'cause' in verdict ? verdict.cause : undefined;
    return new TokenRenewalError(summary, { account, retryAt, cause });
  }

  async function exchangeOnce(
    login: Login,
    code: AuthorizationCode,
    key: string,
    take: Take,
  ): Promise<TokenSet> {
    // Another account, or another copy of the package, may have the same code in hand.
    const verdict = (await grants.run(key, () => present(login, code, key), never))!;
    if (verdict.kind !== 'renewed') throw errorOf(verdict, verdict.retryAtMs);
    const answered = holdAnswer(mergeAnswer(undefined, verdict.answer), verdict.sentAtMs, deps.ahead());
    const set = withExpiresAt(answered, serverOffsetMs());
    const taken = take({ ...answered, set });
    const exchanging = underWay.get(key);
    if (exchanging) exchanging.generation = deps.generation();
    return copyOf(await taken);
  }

  return {
    exchange(login, code, take) {
      const key = fingerprint(code.code);
      const before = underWay.get(key);
      if (before) return before.over;
      const over = exchangeOnce(login, code, key, take).finally(() => underWay.delete(key));
      underWay.set(key, { over });
      return over;
    },
    underWay() {
      if (underWay.size === 0) return undefined;
      const ended = [...underWay.values()].map(async (exchanging) => {
        await exchanging.over.catch(() => undefined);
        return exchanging.generation;
      });
      return Promise.all(ended);
    },
  };
}

function isUsed({ kind }: Verdict | Unasked): boolean {
  return kind === 'renewed' || kind === 'invalid-grant' || kind === 'perhaps-spent';
}
