import { filtered } from './filters.js';
import { isFields, type Violations } from './fields.js';
import { json, type Arrival, type Reply } from './message.js';
import { page } from './paging.js';

/** The answers to one request in the form of its version of the API. */
export interface Answers {
  /** One page of what the filters of the query leave. */
  list(items: readonly object[]): Reply;
  one(value: object, status?: 200 | 201): Reply;
  /** A write whose fields are refused. */
  invalid(errors: Violations): Reply;
  refused(status: 400 | 403 | 404, message: string): Reply;
}

/** The answers to a request under `/rest/v2.x/` are those of version 2, to any other those of version 1. `origin` is where links point. */
export function createAnswers(request: Arrival, origin: string): Answers {
  const isV2 = /^\/rest\/v([2-9]|\d\d)/.test(request.path);
  const query = new URLSearchParams(request.query);
  return isV2 ? version2(request, query, origin) : version1(request, query, origin);
}

function version1(request: Arrival, query: URLSearchParams, origin: string): Answers {
  return {
    list(items) {
      const { slice, headers } = page(filtered(items, query), request, origin, { usual: 100, most: 1000 });
      return json(200, slice, headers);
    },
    one: (value, status = 200) => json(status, value),
    invalid: (errors) => json(422, { errors }),
    refused: (status, message) => json(status, status === 404 ? { message } : { errors: message }),
  };
}

/** The newer form: `{ data }`, ids as strings, at most 100 items to a page, and failures in an envelope. */
function version2(request: Arrival, query: URLSearchParams, origin: string): Answers {
  return {
    list(items) {
      const { slice, headers } = page(filtered(items, query), request, origin, { usual: 10, most: 100 });
      return json(200, { data: withTextIds(slice) }, headers);
    },
    one: (value, status = 200) => json(status, { data: withTextIds(value) }),
    invalid: (errors) =>
      envelope(
        400,
        Object.entries(errors).flatMap(([source, texts]) =>
          texts.map((text) => ({
            reason_code: text === "can't be blank" ? 'MISSING_PROPERTY' : 'INVALID_PROPERTY',
            message: `${source} ${text}`,
            source,
          })),
        ),
      ),
    refused: (status, message) => envelope(status, [{ reason_code: codes[status], message }]),
  };
}

const codes = { 400: 'BAD_REQUEST', 403: 'FORBIDDEN', 404: 'NOT_FOUND' } as const;
const titles = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found' } as const;

function envelope(status: 400 | 403 | 404, details: readonly object[]): Reply {
  return json(status, { error: { code: codes[status], message: titles[status], details } });
}

/** The same value with its ids as texts, at any depth. */
function withTextIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTextIds);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      /(^|_)id$/.test(name) && typeof inner === 'number' ? String(inner) : withTextIds(inner),
    ]),
  );
}
