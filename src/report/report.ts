import type { Problem } from '../failure/problem.js';
import { codeOf } from '../text/words.js';
import { redact } from '../text/redact.js';
import { headerOf } from '../wire/headers.js';
import { secretsInBody, shownBody } from './body.js';
import { again, earlierIn } from './earlier.js';
import { isoOf, textIn, type Fields, type SupportReport, type SupportReportOptions } from './fields.js';
import { secretsInHeaders, shownHeaders } from './headers.js';
import { textOf } from './text.js';
import { secretsInUrl, shownUrl, shownUrls, urlOf, type UrlParts } from './url.js';

/** An error of axios as far as it is read, or an answer, which has no configuration of its own in some mocks. */
interface Failed {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly config?:
    | (UrlParts & {
        readonly method?: unknown;
        readonly headers?: unknown;
        readonly data?: unknown;
        readonly auth?: unknown;
      })
    | undefined;
  readonly response?:
    { readonly status?: unknown; readonly headers?: object; readonly data?: unknown } | undefined;
}

const mostLinks = 5;
const longestMessage = 2_000;
/** A shorter secret is found by its name only: searched for everywhere, it would cut ordinary words. */
const shortestSecret = 6;

/**
 * The report of a failed call. `problem`: its classification, where it has one; `nowMs`: the moment, in Unix milliseconds, that counts where neither the caller nor the answer names one.
 * Never throws.
 */
export function reportOf(
  error: unknown,
  problem: Problem | undefined,
  options: SupportReportOptions,
  nowMs: number,
): SupportReport {
  const secrets = [...(options.secrets ?? [])];
  try {
    const earlier = earlierIn(error);
    return complete(
      earlier ? again(earlier, secrets, nowMs) : made(error, problem, secrets, options.at, nowMs),
    );
  } catch {
    // Reading a property has thrown: the error is a Proxy, or has getters of somebody's own.
    const message = 'An error was given that cannot be read.';
    return complete({
      report: 'axios-procore',
      at: isoOf([options.at], nowMs),
      error: { name: 'Error', message },
    });
  }
}

function complete(fields: Fields): SupportReport {
  // Not enumerable, so that the report is plain JSON to whatever copies or prints it.
  return Object.defineProperty({ ...fields }, 'toString', { value: () => textOf(fields) });
}

function made(
  error: unknown,
  problem: Problem | undefined,
  given: readonly string[],
  at: Date | undefined,
  nowMs: number,
): Fields {
  const failed = failedIn(error);
  const { config, response } = failed;
  const url = config && urlOf(config);
  const sentType = textIn(headerOf(objectIn(config?.headers), 'content-type')) ?? '';
  const answerHeaders = objectIn(response?.headers);
  const answeredType = textIn(headerOf(answerHeaders, 'content-type')) ?? '';
  const { username, password } = (config?.auth ?? {}) as { username?: unknown; password?: unknown };
  const found = [
    ...secretsInUrl(url ?? ''),
    ...secretsInHeaders(config?.headers),
    ...secretsInHeaders(answerHeaders),
    ...secretsInBody(config?.data, sentType),
    ...secretsInBody(response?.data, answeredType),
    ...[username, password].filter((text) => typeof text === 'string'),
  ];
  const secrets = [...given, ...found.filter(({ length }) => length >= shortestSecret)];
  const requestBody = shownBody(config?.data, sentType, secrets);
  const answerBody = shownBody(response?.data, answeredType, secrets);
  const requestId = problem?.requestId ?? textIn(headerOf(answerHeaders, 'x-request-id'));
  const status = typeof response?.status === 'number' ? response.status : undefined;
  return {
    report: 'axios-procore',
    at: isoOf([at, headerOf(answerHeaders, 'date')], nowMs),
    error: errorOf(failed, secrets),
    ...(url === undefined
      ? {}
      : {
          request: {
            method: (textIn(config?.method) ?? 'get').toUpperCase().slice(0, 20),
            url: shownUrl(url, secrets),
            headers: shownHeaders(config?.headers, secrets),
            ...(requestBody === undefined ? {} : { body: requestBody }),
          },
        }),
    ...(status === undefined || isSynthetic(answerHeaders)
      ? {}
      : {
          response: {
            status,
            headers: shownHeaders(answerHeaders, secrets),
            ...(answerBody === undefined ? {} : { body: answerBody }),
          },
        }),
    ...(requestId === undefined ? {} : { requestId: redact(requestId, secrets, new Set([requestId])) }),
    ...(problem ? { attempts: problem.attempts, problem: shownProblem(problem, secrets) } : {}),
  };
}

/** The answer of an error of this package for which the server has answered nothing. */
function isSynthetic(headers: object | undefined): boolean {
  return headerOf(headers, 'x-axios-procore') === 'synthetic';
}

/** The failed call: the first link of the chain of causes that has a configuration. */
function failedIn(error: unknown): Failed {
  let link = error;
  for (let depth = 0; depth < mostLinks && typeof link === 'object' && link !== null; depth++) {
    const { config, response, status, headers, cause } = link as Failed & {
      status?: unknown;
      headers?: unknown;
      cause?: unknown;
    };
    if (config && typeof config === 'object' && (response || !headers)) return link;
    // A response itself, which code with a `validateStatus` of its own has in hand.
    if (typeof status === 'number' && headers)
      return { name: 'Answer', message: `status ${status}`, config, response: link };
    link = cause;
  }
  return typeof error === 'object' && error !== null ? error : { message: String(error) };
}

function errorOf(failed: Failed, secrets: readonly string[]): Fields['error'] {
  const shown = (value: unknown, otherwise: string) =>
    typeof value === 'string' && value !== ''
      ? redact(shownUrls(value, secrets), secrets).slice(0, longestMessage)
      : otherwise;
  const code = codeOf(failed);
  return {
    name: shown(failed.name, 'Error'),
    message: shown(failed.message, 'no message'),
    ...(typeof failed.code === 'string' && failed.code === code ? { code } : {}),
  };
}

function objectIn(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}

function shownProblem(
  { kind, reason, title, cause, remedy, docsUrl, messages }: Problem,
  secrets: readonly string[],
): NonNullable<Fields['problem']> {
  return {
    kind,
    ...(reason === undefined ? {} : { reason }),
    title,
    cause,
    remedy,
    docsUrl,
    messages: messages.map((message) => redact(shownUrls(message, secrets), secrets)),
  };
}
