import { parseErrorBody, isPlain } from '../../failure/body.js';
import { problems, type ProblemKind } from '../../failure/catalogue.js';
import { refusalReason } from '../../failure/challenge.js';
import { classify } from '../../failure/classify.js';
import { parsed } from '../../failure/json.js';
import { connectionFailureOf } from '../../failure/transport.js';
import { kindInMessage, statusInMessage } from './message.js';

/** What a text is about. */
export interface Question {
  readonly kind: ProblemKind;
  readonly status?: number | undefined;
  readonly messages: readonly string[];
  readonly requestId?: string | undefined;
}

/** A status below 400 is no failure; `unknown`: nothing in the catalogue fits. */
export type Asked =
  | { readonly kind: 'failure'; readonly question: Question }
  | { readonly kind: 'success'; readonly status: number }
  | { readonly kind: 'unknown' };

type Json = Readonly<Record<string, unknown>>;

/** Reads a status, a kind, a message, or the JSON or text of an error, of its answer, or of a support report. */
export function questionIn(text: string): Asked {
  const trimmed = text.trim();
  if (/^[1-5]\d\d$/.test(trimmed)) return ofStatus(Number(trimmed));
  if (Object.hasOwn(problems, trimmed)) return failure({ kind: trimmed as ProblemKind, messages: [] });
  const value = parsed(trimmed);
  if (isPlain(value)) return ofJson(value);
  return ofReportText(trimmed) ?? ofMessage(trimmed);
}

function ofStatus(status: number, data?: unknown, more: Partial<Question> = {}): Asked {
  if (status < 400) return { kind: 'success', status };
  const body = parseErrorBody(data);
  const kind = classify({ kind: 'answered', status, body, refusal: refusalReason(undefined, data) });
  return failure({ kind, status, messages: body.messages, ...more });
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
  const { kind, status, messages } = one;
  if (typeof kind !== 'string' || !Object.hasOwn(problems, kind)) return undefined;
  return failure({
    kind: kind as ProblemKind,
    ...(typeof status === 'number' ? { status } : {}),
    messages: Array.isArray(messages) ? messages.filter((said) => typeof said === 'string') : [],
    ...asText(one['requestId'] ?? requestId),
  });
}

/** An answer's body without its status: its messages may tell. */
function ofBody(value: Json): Asked {
  const { messages } = parseErrorBody(value);
  const texts = [...messages, value['error'], value['message'], value['code']];
  for (const text of texts) {
    const asked = typeof text === 'string' ? ofMessage(text) : undefined;
    if (asked?.kind === 'failure') return failure({ ...asked.question, messages });
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
    return failure({ kind: kind as ProblemKind, messages, ...(status ? { status } : {}), ...requestId });
  const body = /^Answer body:\n([^]+)/m.exec(text)?.[1];
  return field('Time') !== undefined && status >= 400
    ? ofStatus(status, body ?? messages.join('\n'), requestId)
    : undefined;
}

function ofMessage(text: string): Asked {
  const kind = kindInMessage(text);
  const status = statusInMessage(text);
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

function failure(question: Question): Asked {
  return { kind: 'failure', question };
}

function asText(requestId: unknown): { requestId?: string } {
  return typeof requestId === 'string' ? { requestId } : {};
}
