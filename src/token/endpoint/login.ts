import type { Env } from '../../time/env.js';
import { cleanCause } from '../../text/clean-cause.js';
import { codeOf } from '../../text/words.js';
import type { Way } from '../../wire/way.js';
import { call, within } from '../../time/within.js';
import { answerInTime, type SendLimits } from './until-verdict.js';
import { asSent, judgeFailure, type DatedAnswer, type TokenAnswer, type Unanswered } from './verdict.js';

/**
 * Sends one form to the login host and gives back the answer, whatever its status; rejects when there is none. `way` is that of the call
 * that it is for.
 */
export type PostForm = (
  url: string,
  form: string,
  signal: AbortSignal,
  way: Way | undefined,
) => Promise<DatedAnswer>;

/** A form for the login host, and how its answer is read. */
interface LoginRequest<V> {
  readonly path: '/oauth/token' | '/oauth/revoke';
  readonly form: (client: { id: string; secret: string }) => string;
  /** What the form holds that must not be quoted, besides the client's secret. */
  readonly secrets: readonly string[];
  readonly judge: (answer: TokenAnswer, serverNowMs: number, secrets: readonly string[]) => V;
}

/** The client at the login host: sends forms with its id and secret. */
export interface Login {
  /** Sends a form once. Never rejects. */
  send<V>(
    request: LoginRequest<V>,
    leave: SendLimits,
  ): Promise<(V | Unanswered) & { readonly sentAtMs: number }>;
}

const refusedMs = 60_000;

/** Creates the client; `post` sends a form. */
export function createLogin(deps: {
  env: Env;
  post: PostForm;
  loginUrl: string;
  clientId: string;
  clientSecret: string | (() => string | Promise<string>) | undefined;
  secretTimeoutMs: number;
  serverOffsetMs: () => number;
}): Login {
  const { env, post, loginUrl, clientId, clientSecret, secretTimeoutMs } = deps;

  async function secretOf(signal: AbortSignal): Promise<{ secret: string } | { why: string }> {
    if (typeof clientSecret === 'string') return { secret: clientSecret };
    const waited = await within(env, secretTimeoutMs, call(clientSecret ?? (() => '')), signal);
    if (waited.kind === 'failed') return { why: `clientSecret() failed (${codeOf(waited.error)})` };
    return waited.kind === 'done' && typeof waited.value === 'string' && waited.value !== ''
      ? { secret: waited.value }
      : { why: 'clientSecret() gave no secret' };
  }

  /** What the login host has answered to a secret that it does not know: such a secret is not sent again for a minute. */
  const refusals = new Map<
    string,
    { readonly secret: string; readonly verdict: object; readonly atMs: number }
  >();

  function remembered(path: string, secret: string): object | undefined {
    const refusal = refusals.get(path);
    const isNew = refusal && Math.abs(env.now() - refusal.atMs) < refusedMs;
    return isNew && refusal.secret === secret ? refusal.verdict : undefined;
  }

  /** A function may give another secret at the next call: `invalid_client` is about this one only. */
  function remember<V>(path: string, secret: string, verdict: V): V {
    if (typeof clientSecret !== 'function') return verdict;
    const { kind, why } = verdict as { kind?: unknown; why?: unknown };
    if (kind !== 'client-rejected' || !String(why).includes('invalid_client')) return verdict;
    const kept = { ...verdict, secretMayChange: true };
    refusals.set(path, { secret, verdict: kept, atMs: env.now() });
    return kept;
  }

  return {
    async send({ path, form, secrets, judge }, { signal, answerTimeoutMs, way, mayPresent }) {
      if (signal.aborted) return notSent('the request was given up', env.now());
      const asked = await secretOf(signal);
      const allowed = signal.aborted || 'why' in asked || ((await mayPresent?.()) ?? true);
      const sentAtMs = env.now();
      // A token that has been replaced while this request waited must not be presented.
      if (signal.aborted) return notSent('the request was given up', sentAtMs);
      if ('why' in asked) return notSent(asked.why, sentAtMs);
      if (!allowed) return notSent('the lock was lost', sentAtMs);
      const { secret } = asked;
      const before = remembered(path, secret);
      if (before) return { ...(before as Awaited<ReturnType<typeof judge>>), sentAtMs };
      const own = new AbortController();
      try {
        const unquoted = [secret, ...secrets].flatMap(asSent);
        const verdict = call(() =>
          post(`${loginUrl}${path}`, form({ id: clientId, secret }), own.signal, way),
        ).then(
          (answer) => remember(path, secret, judge(answer, env.now() + deps.serverOffsetMs(), unquoted)),
          // What it says is kept: a mock that has no route for the request says so there.
          (error: unknown) => ({ ...judgeFailure(error, loginUrl), cause: cleanCause(error, unquoted) }),
        );
        return await answerInTime(
          env,
          { verdict, sentAtMs, receiver: loginUrl, abandon: () => own.abort() },
          { signal, answerTimeoutMs },
        );
      } finally {
        // Nobody waits for the request any more, however the wait has ended.
        own.abort();
      }
    },
  };
}

function notSent(why: string, sentAtMs: number): Unanswered & { readonly sentAtMs: number } {
  return { kind: 'not-sent', why, sentAtMs };
}
