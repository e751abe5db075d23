import type { ErrorBody } from './body.js';
import { problems, type ProblemKind } from './catalogue.js';

/** Why a failure that passes was not tried again, or no more. */
export type GaveUp =
  /** As often as `retry.retries` says. */
  | 'retries-exhausted'
  /** The server may have carried it out, and it is not idempotent. */
  | 'may-have-run'
  /** The body was a stream, and it has been read. `procore.body` makes a new one for each attempt. */
  | 'body-not-replayable'
  /** The server wants a longer wait than `maxWaitMs`. */
  | 'wait-too-long'
  /** The wait would end after `deadlineMs`, or after the `timeout` where that bounds the whole call. */
  | 'deadline'
  /** `retry: false`. */
  | 'disabled';

/** What went wrong with a call, why, and what to do: Procore's "Error Code Reference", applied to one answer. */
export interface Problem {
  kind: ProblemKind;
  /** HTTP status of the last answer, or the one that an error of this package stands for. */
  status?: number;
  /** In a few words. */
  title: string;
  /** The common cause. */
  cause: string;
  /** How to fix it. */
  remedy: string;
  /** The page of Procore's documentation. */
  docsUrl: string;
  /** What the answer says, whatever its shape. */
  messages: string[];
  /** By field, as the server names it. */
  fields: Record<string, string[]>;
  /** `reason_code`s of the v2 envelope. */
  reasonCodes: string[];
  /** `x-request-id`: names the request to Procore's support. */
  requestId?: string;
  /** How often the call was sent; 0: it never left. */
  attempts: number;
  /** Whether the same call, made anew, may succeed and does no harm. */
  retryable: boolean;
  /** Whether the server may have carried the call out: the worst over all attempts. */
  mayHaveRun: 'no' | 'maybe';
  /** When another try can succeed, as far as the server has said. */
  retryAt?: Date;
  /** Why a passing failure was not, or no longer, tried again. */
  gaveUp?: GaveUp;
}

/** What a problem is made of. */
export interface ProblemFacts {
  readonly kind: ProblemKind;
  readonly status?: number | undefined;
  readonly body?: ErrorBody | undefined;
  readonly requestId?: string | undefined;
  readonly attempts: number;
  readonly mayHaveRun: boolean;
  readonly idempotent: boolean;
  readonly retryAt?: Date | undefined;
  readonly gaveUp?: GaveUp | undefined;
}

/** They pass, although nothing is sent again for them. */
const passing: ReadonlySet<ProblemKind> = new Set(['token-renewal-failed', 'token-store-failed', 'deadline']);

/** Whether trying again helps against this kind of failure. */
export function isTransient(kind: ProblemKind): boolean {
  const { retried } = problems[kind];
  return retried !== 'no' && retried !== 'replay';
}

/** Applies the catalogue to one failure. */
export function describeProblem(facts: ProblemFacts): Problem {
  const { kind, status, body, requestId, attempts, mayHaveRun, idempotent, retryAt, gaveUp } = facts;
  const { title, cause, remedy, docsUrl } = problems[kind];
  return {
    kind,
    ...(status === undefined ? {} : { status }),
    title,
    cause,
    remedy,
    docsUrl,
    messages: body?.messages ?? [],
    fields: body?.fields ?? {},
    reasonCodes: body?.reasonCodes ?? [],
    ...(requestId === undefined ? {} : { requestId }),
    attempts,
    // A stream that is gone can be made anew; a 401 then finds a working token.
    retryable:
      (isTransient(kind) || passing.has(kind) || gaveUp === 'body-not-replayable') &&
      (idempotent || !mayHaveRun),
    mayHaveRun: mayHaveRun ? 'maybe' : 'no',
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(gaveUp === undefined ? {} : { gaveUp }),
  };
}
