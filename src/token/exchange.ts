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
  context: { account: string; signal: AbortSignal; answerTimeoutMs: number },
) => Promise<Presented>;

/** Sends one form to the token endpoint and gives back the answer, whatever its status; rejects when there is none. */
export type PostForm = (url: string, form: string, signal: AbortSignal) => Promise<DatedAnswer>;

/** The application's own way to present a grant, see `ProcoreOptions.exchange`. */
export type CustomExchange = (
  grant: RenewalGrant,
  context: { account: string; signal: AbortSignal },
) => Promise<TokenSet>;

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
}): Exchange {
  const { env, post, loginUrl, clientId, clientSecret, redirectUri, custom, secretTimeoutMs } = deps;
  const serverNowMs = () => env.now() + deps.serverOffsetMs();

  async function secretOf(): Promise<string | undefined> {
    if (typeof clientSecret !== 'function') return clientSecret;
    const waited = await within(env, secretTimeoutMs, call(clientSecret));
    return waited.kind === 'done' && typeof waited.value === 'string' && waited.value !== ''
      ? waited.value
      : undefined;
  }

  return async (grant, { account, signal, answerTimeoutMs }) => {
    const own = new AbortController();
    const stop = () => own.abort();
    signal.addEventListener('abort', stop, { once: true });
    let sentAtMs = env.now();
    try {
      let sending: Promise<Verdict>;
      if (custom) {
        sending = call(() => custom(grant, { account, signal: own.signal })).then(
          judgeTokenSet,
          (error: unknown) => judgeThrow(error, serverNowMs()),
        );
      } else {
        const secret = await secretOf();
        sentAtMs = env.now();
        if (secret === undefined) return { kind: 'not-sent', why: 'clientSecret() gave no secret', sentAtMs };
        const form = tokenRequestForm(grant, { id: clientId, secret, redirectUri });
        sending = call(() => post(`${loginUrl}/oauth/token`, form, own.signal)).then(
          (answer) => judgeAnswer(answer, serverNowMs()),
          judgeFailure,
        );
      }
      const waited = await within(env, answerTimeoutMs, sending, signal);
      if (waited.kind === 'done') return { ...waited.value, sentAtMs };
      const why =
        waited.kind === 'elapsed' ? `it gave no answer in ${answerTimeoutMs} ms` : 'the request was given up';
      return { kind: 'perhaps-spent', why, sentAtMs };
    } finally {
      signal.removeEventListener('abort', stop);
      own.abort();
    }
  };
}
