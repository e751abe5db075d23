import type { Env } from '../env.js';
import { call, within } from '../within.js';
import {
  judgeAnswer,
  judgeFailure,
  judgeThrow,
  judgeTokenSet,
  tokenRequestForm,
  type RenewalGrant,
  type DatedAnswer,
  type Verdict,
} from './grant.js';
import type { TokenSet } from '../store/store.js';

/** A verdict, and when the request that led to it was sent: an answer's life counts from there. */
export type Presented = Verdict & { readonly sentAtMs: number };

/** Presents a grant once. Never rejects. */
export type Exchange = (
  grant: RenewalGrant,
  context: {
    account: string;
    signal: AbortSignal;
    answerTimeoutMs: number;
    /** Asked last before the grant is presented. */
    mayPresent?: () => boolean;
  },
) => Promise<Presented>;

/** Sends one form to the token endpoint and gives back the answer, whatever its status; rejects when there is none. */
export type PostForm = (url: string, form: string, signal: AbortSignal) => Promise<DatedAnswer>;

/** The application's own way to present a grant, see `ProcoreOptions.exchange`. */
export type CustomExchange = (
  grant: RenewalGrant,
  context: { account: string; signal: AbortSignal },
) => Promise<TokenSet>;

/** A presentation under way; its verdict never rejects. */
export interface Sending {
  readonly verdict: Promise<Verdict>;
  readonly sentAtMs: number;
  /** Called when the verdict has reached a renewal. */
  readonly received?: () => void;
  /** A pair has arrived and waits for a renewal to take it. */
  holdsPair?: boolean;
}

/** A function of the application's that has not come back by then never will. */
const outlivingMs = 5 * 60_000;

/** The exchange over Procore's token endpoint, or over the application's own function. */
export function createExchange(deps: {
  env: Env;
  post: PostForm;
  loginUrl: string;
  clientId: string;
  clientSecret: string | (() => string | Promise<string>) | undefined;
  redirectUri: string | undefined;
  custom: CustomExchange | undefined;
  secretTimeoutMs: number;
  serverOffsetMs: () => number;
  /** Presentations by the application's function that have outlived their time: the same grant is not presented beside them. */
  outliving?: Map<string, Sending>;
}): Exchange {
  const { outliving = new Map<string, Sending>() } = deps;
  const { env, post, loginUrl, clientId, clientSecret, redirectUri, custom, secretTimeoutMs } = deps;
  const serverNowMs = () => env.now() + deps.serverOffsetMs();

  async function secretOf(signal: AbortSignal): Promise<string | undefined> {
    if (typeof clientSecret !== 'function') return clientSecret;
    const waited = await within(env, secretTimeoutMs, call(clientSecret), signal);
    return waited.kind === 'done' && typeof waited.value === 'string' && waited.value !== ''
      ? waited.value
      : undefined;
  }

  function askFunction(
    exchange: CustomExchange,
    grant: RenewalGrant,
    account: string,
    signal: AbortSignal,
  ): Sending {
    const key = grant.type === 'refresh_token' ? grant.refresh_token : account;
    const before = outliving.get(key);
    if (before && (before.holdsPair || env.now() - before.sentAtMs < outlivingMs)) return before;
    const verdict = call(() => exchange(grant, { account, signal })).then(judgeTokenSet, (error: unknown) =>
      judgeThrow(error, serverNowMs(), secretsOf(grant)),
    );
    const received = () => {
      if (outliving.get(key) === sending) outliving.delete(key);
    };
    const sending: Sending = { verdict, sentAtMs: env.now(), received };
    outliving.set(key, sending);
    // What it was given reaches the renewal that waits, or the next one.
    void verdict.then(({ kind }) => {
      if (kind === 'renewed') sending.holdsPair = true;
      else received();
    });
    return sending;
  }

  return async (grant, { account, signal, answerTimeoutMs, mayPresent = () => true }) => {
    // Tokens that have been replaced while this one waited for its turn must not be presented.
    if (signal.aborted) return notSent('the request was given up', env.now());
    const own = new AbortController();
    try {
      let sending: Sending;
      if (custom) sending = askFunction(custom, grant, account, own.signal);
      else {
        const secret = await secretOf(signal);
        const sentAtMs = env.now();
        if (signal.aborted) return notSent('the request was given up', sentAtMs);
        if (secret === undefined) return notSent('clientSecret() gave no secret', sentAtMs);
        if (!mayPresent()) return notSent('the lock was lost', sentAtMs);
        const form = tokenRequestForm(grant, { id: clientId, secret, redirectUri });
        const verdict = call(() => post(`${loginUrl}/oauth/token`, form, own.signal)).then(
          (answer) => judgeAnswer(answer, serverNowMs(), secretsOf(grant, secret)),
          judgeFailure,
        );
        sending = { verdict, sentAtMs };
      }
      const { verdict, sentAtMs, received } = sending;
      const waited = await within(env, answerTimeoutMs, verdict, signal);
      if (waited.kind === 'done') {
        received?.();
        return { ...waited.value, sentAtMs };
      }
      const why =
        waited.kind === 'elapsed' ? `it gave no answer in ${answerTimeoutMs} ms` : 'the request was given up';
      return { kind: 'perhaps-spent', why, sentAtMs };
    } finally {
      // However the wait ended: nobody listens any more.
      own.abort();
    }
  };
}

function notSent(why: string, sentAtMs: number): Presented {
  return { kind: 'not-sent', why, sentAtMs };
}

/** What must not be quoted, as it is and as it looks in a form. */
function secretsOf(grant: RenewalGrant, clientSecret?: string): string[] {
  const sent = [clientSecret, grant.type === 'refresh_token' ? grant.refresh_token : undefined];
  return sent
    .filter((secret) => secret !== undefined)
    .flatMap((secret) => [secret, encodeURIComponent(secret)]);
}
