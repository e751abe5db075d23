import type { ErrorBody } from './body.js';
import type { ProblemKind } from './catalogue.js';
import type { RefusalReason } from './challenge.js';
import type { ConnectionFailure } from './transport.js';

/** The facts of a failed attempt that decide its classification. */
export type FailedAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: ErrorBody;
      readonly refusal: RefusalReason;
    }
  /** There was no answer, or it broke off, whatever its status was. `failure` is undefined where the cause was not the connection. */
  | { readonly kind: 'unanswered'; readonly failure: ConnectionFailure | undefined };

const byStatus: Readonly<Record<number, ProblemKind>> = {
  400: 'bad-request',
  403: 'forbidden',
  404: 'not-found',
  406: 'not-acceptable',
  408: 'request-timeout',
  409: 'conflict',
  422: 'unprocessable',
  429: 'rate-limited',
  502: 'bad-gateway',
  503: 'unavailable',
  504: 'gateway-timeout',
};
const byFailure: Readonly<Record<ConnectionFailure, ProblemKind>> = {
  'not-sent': 'connection-refused',
  timeout: 'timeout',
  lost: 'connection-lost',
};
/**
 * Messages that are more specific than their status, with the range of statuses that they count for. Sources: Procore, "Error Code
 * Reference", common error patterns; Procore's answer to a call without the company header.
 */
const telling: readonly { text: RegExp; kind: ProblemKind; from: number; to: number }[] = [
  { text: /App is not connected to this company/i, kind: 'app-not-connected', from: 403, to: 403 },
  { text: /Missing Procore-Company-Id header/i, kind: 'company-header-missing', from: 400, to: 499 },
];

/** The kind of a failure, in the terms of Procore's "Error Code Reference". */
export function classify(answer: FailedAnswer): ProblemKind {
  switch (answer.kind) {
    case 'unanswered':
      return answer.failure ? byFailure[answer.failure] : 'unexpected';
    case 'answered':
      return classifyStatus(answer);
  }
}

function classifyStatus({ status, body, refusal }: FailedAnswer & { kind: 'answered' }): ProblemKind {
  const told = telling.find(
    ({ text, from, to }) => status >= from && status <= to && body.messages.some((said) => text.test(said)),
  );
  if (told) return told.kind;
  if (status === 401) return refusal === 'token' ? 'access-token-invalid' : 'unauthorized';
  return byStatus[status] ?? (status >= 500 && status <= 599 ? 'server-error' : 'unexpected');
}

/** The kinds for which the server may or may not have carried out the request. */
const uncertain: ReadonlySet<ProblemKind> = new Set([
  'request-timeout',
  'server-error',
  'bad-gateway',
  'unavailable',
  'gateway-timeout',
  'connection-lost',
  'timeout',
  'canceled',
  'unexpected',
]);

/**
 * Whether the server may have carried the request out. `throttled`: the answer came with `Retry-After`, so that a 503 was turned away
 * before it ran (Procore, "Rate Limiting").
 */
export function mayHaveRun(kind: ProblemKind, { throttled }: { readonly throttled: boolean }): boolean {
  return uncertain.has(kind) && !(kind === 'unavailable' && throttled);
}
