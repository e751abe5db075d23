import type { ErrorBody } from './body.js';
import { problems, type ProblemKind } from './catalogue.js';
import { reasons, type ProblemReason } from './reasons.js';

/** Why a call was not retried, or not any more, after a failure that is temporary. */
export type GaveUp =
  /** The call was retried as often as `retry.retries` allows. */
  | 'retries-exhausted'
  /** The server may have carried out the call, and it is not idempotent. */
  | 'may-have-run'
  /** The body was a stream, which has been read. With the call's option `procore.body` a new one is made for each attempt. */
  | 'body-not-replayable'
  /** The server wait is longer than `maxWaitMs`. */
  | 'wait-too-long'
  /** The wait would end after `deadlineMs`, or after the `timeout` where that bounds the whole call (`legacy.timeoutBoundsCall`). */
  | 'deadline'
  /** Retries are switched off (`retry: false`). */
  | 'disabled';

/** What went wrong with a call, why, and what to do, according to Procore's "Error Code Reference". */
export interface Problem {
  /** What kind of failure it is. */
  kind: ProblemKind;
  /** A finer cause than the kind, where the words of the answer or the call itself show one. */
  reason?: ProblemReason;
  /** The HTTP status of the last answer, or that of the error where the package raised it itself. */
  status?: number;
  /** The kind in a few words. */
  title: string;
  /** The cause: that of the reason, or else the common one of the kind. */
  cause: string;
  /** How to fix it. */
  remedy: string;
  /** The page of Procore's documentation. */
  docsUrl: string;
  /** The messages of the answer, whatever its shape. */
  messages: string[];
  /** Messages by field, as the server names it. */
  fields: Record<string, string[]>;
  /** The `reason_code`s of the v2 envelope. */
  reasonCodes: string[];
  /** The header `x-request-id` of the answer, by which Procore's support finds the request. */
  requestId?: string;
  /** How often the call was sent; 0 where it was never sent. */
  attempts: number;
  /** Whether the application may make the same call again: it may succeed, and cannot be carried out twice. */
  retryable: boolean;
  /** Whether the server may have carried out the call in any of its attempts. */
  mayHaveRun: 'no' | 'maybe';
  /** When another try can succeed, if the server has said so. */
  retryAt?: Date;
  /** Why the call was not retried, or not any more, although the failure is temporary. */
  gaveUp?: GaveUp;
}

/** The facts that a problem is made of. */
export interface ProblemFacts {
  readonly kind: ProblemKind;
  readonly reason?: ProblemReason | undefined;
  /** Where the call was sent to, with the port where that is not the usual one. Nothing else of its URL. */
  readonly host?: string | undefined;
  readonly status?: number | undefined;
  readonly body?: ErrorBody | undefined;
  readonly requestId?: string | undefined;
  readonly attempts: number;
  readonly mayHaveRun: boolean;
  readonly idempotent: boolean;
  readonly retryAt?: Date | undefined;
  readonly gaveUp?: GaveUp | undefined;
}

/** Temporary failures that the package does not retry itself. */
const passing: ReadonlySet<ProblemKind> = new Set(['token-renewal-failed', 'token-store-failed', 'deadline']);

/** Failures of the connection, whose remedy depends on where the call was sent to. */
const ofConnection: ReadonlySet<ProblemKind> = new Set(['connection-refused', 'connection-lost', 'timeout']);

/** Whether the package retries failures of this kind. */
export function isTransient(kind: ProblemKind): boolean {
  const { retried } = problems[kind];
  return retried !== 'no' && retried !== 'replay';
}

/** Makes the problem of one failure from the catalogue's row of its kind, and from that of its finer cause. */
export function describeProblem(facts: ProblemFacts): Problem {
  const { kind, reason, host, status, body, requestId, attempts } = facts;
  const { mayHaveRun, idempotent, retryAt, gaveUp } = facts;
  const { title } = problems[kind];
  const { cause, remedy, docsUrl } = reason === undefined ? problems[kind] : reasons[reason];
  return {
    kind,
    ...(reason === undefined ? {} : { reason }),
    ...(status === undefined ? {} : { status }),
    title,
    cause,
    remedy: host && ofConnection.has(kind) ? `${remedy} The call was for ${host}.` : remedy,
    docsUrl,
    messages: body?.messages ?? [],
    fields: body?.fields ?? {},
    reasonCodes: body?.reasonCodes ?? [],
    ...(requestId === undefined ? {} : { requestId }),
    attempts,
    // The application can make the same call with a new stream, and a 401 will then find a working token.
    retryable:
      (isTransient(kind) || passing.has(kind) || gaveUp === 'body-not-replayable') &&
      (idempotent || !mayHaveRun),
    mayHaveRun: mayHaveRun ? 'maybe' : 'no',
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(gaveUp === undefined ? {} : { gaveUp }),
  };
}
