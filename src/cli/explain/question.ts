import { parseErrorBody, isPlain } from '../../failure/body.js';
import { problems, type ProblemKind } from '../../failure/catalogue.js';
import { refusalReason } from '../../failure/challenge.js';
import { classify } from '../../failure/classify.js';
import { parsed } from '../../failure/json.js';
import { findReason } from '../../failure/find-reason.js';
import { isReasonOf, reasons, type ProblemReason } from '../../failure/reasons.js';
import { connectionFailureOf } from '../../failure/transport.js';
import { kindInMessage, kindOfName, statusInMessage } from './message.js';
import { warningIn, type ExplainedWarning } from './warnings.js';

/** What a text is about. */
export interface Question {
  readonly kind: ProblemKind;
  readonly reason?: ProblemReason | undefined;
  readonly status?: number | undefined;
  readonly messages: readonly string[];
  readonly requestId?: string | undefined;
}

/** A status below 400 is no failure, nor is a warning; `unknown`: nothing in the catalogue fits. */
export type Asked =
  | { readonly kind: 'failure'; readonly question: Question }
  | { readonly kind: 'success'; readonly status: number }
  | { readonly kind: 'warning'; readonly warning: ExplainedWarning }
  | { readonly kind: 'unknown' };

type Json = Readonly<Record<string, unknown>>;

/** Reads a status, a kind, a finer cause, a code of a warning, a message, or the JSON or text of an error, of its answer, or of a support report. */
export function questionIn(text: string): Asked {
  const trimmed = text.trim();
  const [, alone] = /^([1-5]\d\d)(?: OK| Created| No Content)?$/i.exec(trimmed) ?? [];
  if (alone !== undefined) return ofStatus(Number(alone));
  if (Object.hasOwn(problems, trimmed)) return failure({ kind: trimmed as ProblemKind, messages: [] });
  if (Object.hasOwn(reasons, trimmed)) {
    const reason = trimmed as ProblemReason;
    return failure({ kind: reasons[reason].kinds[0], reason, messages: [] });
  }
  const value = parsed(trimmed);
  const code = isPlain(value) ? value['code'] : undefined;
  const warning = (typeof code === 'string' ? warningIn(code) : undefined) ?? warningIn(trimmed);
  if (warning) return { kind: 'warning', warning };
  if (isPlain(value)) return ofJson(value);
  return ofReportText(trimmed) ?? ofMessage(trimmed);
}

function ofStatus(status: number, data?: unknown, more: Partial<Question> = {}): Asked {
  if (status < 400) return { kind: 'success', status };
  const body = parseErrorBody(data);
  const oauth = oauthErrorIn(data, body.messages);
  if (oauth) return failure({ ...oauth, status, ...more });
  const kind = classify({ kind: 'answered', status, body, refusal: refusalReason(undefined, data) });
  return failure({ kind, status, messages: body.messages, ...more });
}

/** An error of the token endpoint, which decides by its code (RFC 6749, section 5.2), whatever its status is. */
function oauthErrorIn(data: unknown, messages: readonly string[]): Question | undefined {
  const body = typeof data === 'string' ? parsed(data) : data;
  const code = isPlain(body) ? body['error'] : undefined;
  const kind = typeof code === 'string' && /^[a-z_]+$/.test(code) ? kindOfName(code) : undefined;
  if (kind === undefined) return undefined;
  return { kind, reason: findReason({ kind, messages: [code as string, ...messages] }), messages };
}

/** The JSON of an error of axios or of this package, of a problem, of a support report, or of an answer. */
function ofJson(value: Json): Asked {
  const { procore, problem, response, status, code, message, requestId, err } = value;
  for (const one of [procore, problem, value]) {
    const found = isPlain(one) ? ofProblem(one, requestId) : undefined;
    if (found) return found;
  }
  if (isPlain(err)) return ofJson(err);
  const answer = isPlain(response) ? response : value;
  const told = answer['status'] ?? status;
  if (typeof told === 'number' && told >= 400)
    return ofStatus(told, answer['data'] ?? answer['body'] ?? value, asText(requestId));
  const failed = connectionFailureOf(value);
  if (typeof code === 'string' && failed) return unanswered(failed, message);
  return ofBody(value);
}

function ofProblem(one: Json, requestId: unknown): Asked | undefined {
  const { kind, reason, status, messages, message } = one;
  if (typeof kind !== 'string' || !Object.hasOwn(problems, kind)) return undefined;
  const said = textsIn(messages);
  return failure({
    kind: kind as ProblemKind,
    reason:
      reasonOf(kind as ProblemKind, reason) ??
      findReason({ kind: kind as ProblemKind, messages: [...said, ...textsIn([message])] }),
    ...(typeof status === 'number' ? { status } : {}),
    messages: said,
    ...asText(one['requestId'] ?? requestId),
  });
}

/** An answer's body without its status: its messages may tell. */
function ofBody(value: Json): Asked {
  const { messages } = parseErrorBody(value);
  const { error, message, code } = value;
  const oauth = oauthErrorIn(value, messages);
  if (oauth) return failure({ ...oauth, status: problems[oauth.kind].status });
  const texts = [...messages, error, message, code];
  for (const text of texts) {
    const asked = typeof text === 'string' ? ofMessage(text) : undefined;
    if (asked?.kind === 'failure') return failure({ ...asked.question, reason: undefined, messages });
  }
  return { kind: 'unknown' };
}

/** The text of a support report. */
function ofReportText(text: string): Asked | undefined {
  const field = (name: string) => new RegExp(`^${name}: +(.+)$`, 'm').exec(text)?.[1];
  const kind = field('Kind')?.split(':')[0];
  const requestId = asText(field('Request id'));
  const messages = [...text.matchAll(/^Message: +(.+)$/gm)].map(([, said = '']) => said);
  const status = Number(field('Status'));
  if (kind !== undefined && Object.hasOwn(problems, kind))
    return failure({
      kind: kind as ProblemKind,
      reason: reasonOf(kind as ProblemKind, field('Reason')),
      messages,
      ...(status ? { status } : {}),
      ...requestId,
    });
  const body = /^Answer body:\n([^]+)/m.exec(text)?.[1];
  return field('Time') !== undefined && status >= 400
    ? ofStatus(status, body ?? messages.join('\n'), requestId)
    : undefined;
}

function ofMessage(text: string): Asked {
  const status = statusInMessage(text);
  const kind = kindInMessage(text, status);
  if (kind !== undefined) return failure({ kind, status: status ?? problems[kind].status, messages: [text] });
  if (status !== undefined) return ofStatus(status, text);
  const failed = connectionFailureOf({
    message: text,
    code: /\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)*\b/.exec(text)?.[0],
  });
  return failed ? unanswered(failed, text) : { kind: 'unknown' };
}

function unanswered(failed: NonNullable<ReturnType<typeof connectionFailureOf>>, message: unknown): Asked {
  const messages = typeof message === 'string' ? [message] : [];
  return failure({ kind: classify({ kind: 'unanswered', failure: failed }), messages });
}

/** `reason`: where nobody has told one, the messages may show it. */
function failure(question: Question): Asked {
  const reason = question.reason ?? findReason(question);
  return { kind: 'failure', question: reason === undefined ? question : { ...question, reason } };
}

function reasonOf(kind: ProblemKind, reason: unknown): ProblemReason | undefined {
  return isReasonOf(kind, reason) ? reason : undefined;
}

function textsIn(values: unknown): string[] {
  return Array.isArray(values) ? values.filter((one) => typeof one === 'string') : [];
}

function asText(requestId: unknown): { requestId?: string } {
  return typeof requestId === 'string' ? { requestId } : {};
}
