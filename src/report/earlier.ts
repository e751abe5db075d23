import type { ProblemKind } from '../failure/catalogue.js';
import type { ProblemReason } from '../failure/reasons.js';
import { redact } from '../text/redact.js';
import { longestBody, shownBody } from './body.js';
import { isoOf, textIn, type Fields } from './fields.js';
import { shownHeaders } from './headers.js';
import { shownUrl } from './url.js';

/** A report, or its JSON. */
export function earlierIn(value: unknown): Fields | undefined {
  const parsed = typeof value === 'string' && value.trimStart().startsWith('{') ? parsedJson(value) : value;
  const isReport = (parsed as { report?: unknown } | null | undefined)?.report === 'axios-procore';
  return isReport ? (parsed as Fields) : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Somebody may have changed an earlier report: what it holds is treated as new, and what it does not is not there. */
export function again(earlier: Fields, secrets: readonly string[], nowMs: number): Fields {
  const { error, request, response, requestId, attempts, problem, at } = earlier;
  const text = (value: unknown) => (typeof value === 'string' ? redact(value, secrets) : '');
  const list = (value: unknown) =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  const code = textIn(error?.code);
  return {
    report: 'axios-procore',
    at: isoOf([at], nowMs),
    error: { name: text(error?.name), message: text(error?.message), ...(code ? { code: text(code) } : {}) },
    ...(request
      ? {
          request: {
            method: text(request.method),
            url: shownUrl(typeof request.url === 'string' ? request.url : '', secrets),
            headers: shownHeaders(request.headers, secrets),
            ...bodyOf(request.body, secrets),
          },
        }
      : {}),
    ...(typeof response?.status === 'number'
      ? {
          response: {
            status: response.status,
            headers: shownHeaders(response.headers, secrets),
            ...bodyOf(response.body, secrets),
          },
        }
      : {}),
    ...(typeof requestId === 'string' ? { requestId: redact(requestId, secrets, new Set([requestId])) } : {}),
    ...(typeof attempts === 'number' ? { attempts } : {}),
    ...(typeof problem?.kind === 'string'
      ? {
          problem: {
            kind: text(problem.kind) as ProblemKind,
            ...(typeof problem.reason === 'string' ? { reason: text(problem.reason) as ProblemReason } : {}),
            title: text(problem.title),
            cause: text(problem.cause),
            remedy: text(problem.remedy),
            docsUrl: text(problem.docsUrl),
            messages: list(problem.messages).map(text),
          },
        }
      : {}),
  };
}

function bodyOf(body: unknown, secrets: readonly string[]): { body?: string } {
  if (typeof body !== 'string') return {};
  // What was cut is longer than what is shown, by the words that say so.
  const shown = body.length > longestBody ? redact(body, secrets) : shownBody(body, '', secrets);
  return shown === undefined ? {} : { body: shown };
}
