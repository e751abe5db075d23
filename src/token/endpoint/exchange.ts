import type { Env } from '../../time/env.js';
import type { CustomExchange, RenewalGrant } from '../../options/options.js';
import type { Way } from '../../wire/way.js';
import { call } from '../../time/within.js';
import { tokenRequestForm } from './forms.js';
import { asSent, judgeAnswer, judgeThrow, judgeTokenSet, type Verdict } from './verdict.js';
import type { Login } from './login.js';
import { answerInTime, type RequestUnderWay } from './until-verdict.js';

/** A verdict, and when the request that led to it was sent: an answer's life counts from there. */
export type TimedVerdict = Verdict & { readonly sentAtMs: number };

/** Presents a grant once. Never rejects. */
export type Exchange = (
  grant: RenewalGrant,
  context: {
    account: string;
    signal: AbortSignal;
    answerTimeoutMs: number;
    /** The way of the call that has set the renewal off. */
    way?: Way | undefined;
    /** Asked last before the grant is presented, after every other wait. */
    mayPresent?: () => Promise<boolean>;
  },
) => Promise<TimedVerdict>;

/** A presentation by the application's own function. */
export interface OwnRequestUnderWay extends RequestUnderWay<Verdict> {
  /** Renewals that wait for it. */
  waiting: number;
  /** A pair has arrived and waits for a renewal to take it. */
  holdsPair?: boolean;
}

/** The exchange over Procore's token endpoint, or over the application's own function. */
export function createExchange(deps: {
  env: Env;
  login: Login;
  redirectUri: string | undefined;
  custom: CustomExchange | undefined;
  /** Marks what that function does. */
  ownRenewals: { run<T>(present: () => T): T };
  serverOffsetMs: () => number;
  /** The time of a whole renewal: a function of the application's that has not come back by then is taken for one that hangs. */
  totalMs: number;
  /** Presentations by the application's function that have outlived their time: the same grant is not presented beside them. */
  outliving: Map<string, OwnRequestUnderWay>;
  /** A pair has arrived for this refresh token, and no renewal waits for it any more: it is to be saved all the same. */
  broughtLate: (refreshToken: string) => void;
}): Exchange {
  const { env, login, redirectUri, custom, totalMs, outliving } = deps;

  function askFunction(
    exchange: CustomExchange,
    grant: RenewalGrant,
    account: string,
    signal: AbortSignal,
  ): OwnRequestUnderWay {
    const key = grant.type === 'refresh_token' ? grant.refresh_token : account;
    const before = outliving.get(key);
    if (before && (before.holdsPair || env.now() - before.sentAtMs < totalMs)) return before;
    const verdict = call(() => deps.ownRenewals.run(() => exchange(grant, { account, signal }))).then(
      judgeTokenSet,
      (error: unknown) =>
        judgeThrow(error, env.now() + deps.serverOffsetMs(), secretsOf(grant).flatMap(asSent)),
    );
    const received = () => {
      if (outliving.get(key) === sending) outliving.delete(key);
    };
    const sending: OwnRequestUnderWay = { verdict, sentAtMs: env.now(), received, waiting: 0 };
    outliving.set(key, sending);
    // Its pair reaches the renewal that waits for it, or else the next one.
    void verdict.then(({ kind }) => {
      if (kind !== 'renewed') return received();
      sending.holdsPair = true;
      // The function was given up and called again meanwhile. The pair of the first call must not be lost either.
      if (!outliving.get(key)?.holdsPair) outliving.set(key, sending);
      offer(grant, sending);
    });
    return sending;
  }

  function offer(grant: RenewalGrant, { holdsPair, waiting }: OwnRequestUnderWay): void {
    if (grant.type === 'refresh_token' && holdsPair && waiting === 0) deps.broughtLate(grant.refresh_token);
  }

  return async (grant, { account, ...leave }) => {
    if (!custom) {
      return login.send(
        {
          path: '/oauth/token',
          form: (client) => tokenRequestForm(grant, { ...client, redirectUri }),
          secrets: secretsOf(grant),
          judge: judgeAnswer,
        },
        leave,
      );
    }
    const mayPresent = leave.signal.aborted || ((await leave.mayPresent?.()) ?? true);
    const sentAtMs = env.now();
    // Tokens that have been replaced while this one waited for its turn must not be presented.
    if (leave.signal.aborted) return { kind: 'not-sent', why: 'the request was given up', sentAtMs };
    if (!mayPresent) return { kind: 'not-sent', why: 'the lock was lost', sentAtMs };
    const own = new AbortController();
    const sending = askFunction(custom, grant, account, own.signal);
    sending.waiting++;
    const presented = await answerInTime(env, sending, leave);
    sending.waiting--;
    // Nobody waits for the request any more, however the wait has ended.
    own.abort();
    // The pair may have arrived just when the wait ended.
    if (presented.kind !== 'renewed') offer(grant, sending);
    return presented;
  };
}

function secretsOf(grant: RenewalGrant): string[] {
  return grant.type === 'refresh_token' ? [grant.refresh_token] : [];
}
