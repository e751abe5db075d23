import { describe, expect, test } from 'vitest';
import { errorShapes } from '../../../src/emulator/error-shapes.js';
import { parseErrorBody, type ErrorBody } from '../../../src/failure/body.js';
import { problems, type ProblemKind } from '../../../src/failure/catalogue.js';
import { refusalReason } from '../../../src/failure/challenge.js';
import { readAnswer } from '../../../src/wire/answer.js';
import { classify, mayHaveRun } from '../../../src/failure/classify.js';
import type { ConnectionFailure } from '../../../src/failure/transport.js';

const bodyOf = (...messages: string[]): ErrorBody => ({ messages, fields: {}, reasonCodes: [] });
const answered = (status: number, ...messages: string[]) =>
  classify({ kind: 'answered', status, body: bodyOf(...messages), refusal: 'none' });

describe('an answer', () => {
  test.each<[status: number, kind: ProblemKind]>([
    [400, 'bad-request'],
    [401, 'unauthorized'],
    [402, 'unexpected'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [405, 'unexpected'],
    [406, 'not-acceptable'],
    [408, 'request-timeout'],
    [409, 'conflict'],
    [410, 'unexpected'],
    [415, 'unexpected'],
    [418, 'unexpected'],
    [422, 'unprocessable'],
    [429, 'rate-limited'],
    [499, 'unexpected'],
    [500, 'server-error'],
    [501, 'server-error'],
    [502, 'bad-gateway'],
    [503, 'unavailable'],
    [504, 'gateway-timeout'],
    [520, 'server-error'],
    [599, 'server-error'],
    [600, 'unexpected'],
    [304, 'unexpected'],
    [302, 'unexpected'],
    [0, 'unexpected'],
    [NaN, 'unexpected'],
  ])('of status %i is %s', (status, kind) => {
    expect(answered(status)).toBe(kind);
    expect(answered(status, 'Something else')).toBe(kind);
  });

  test.each(['token', 'other', 'none'] as const)('of status 401 that gives a reason (%s)', (refusal) => {
    expect(classify({ kind: 'answered', status: 401, body: bodyOf(), refusal })).toBe(
      refusal === 'token' ? 'access-token-invalid' : 'unauthorized',
    );
  });

  test('of another status gives no reason to renew', () => {
    const { kind } = { kind: classify({ kind: 'answered', status: 403, body: bodyOf(), refusal: 'token' }) };
    expect(kind).toBe('forbidden');
  });

  test.each<[status: number, said: string, kind: ProblemKind]>([
    [403, 'App is not connected to this company', 'app-not-connected'],
    [403, 'Error: app is not connected to this company.', 'app-not-connected'],
    [404, 'App is not connected to this company', 'not-found'],
    [500, 'App is not connected to this company', 'server-error'],
    [400, 'Missing Procore-Company-Id header! Add it.', 'company-header-missing'],
    [403, 'missing procore-company-id header', 'company-header-missing'],
    [422, 'Missing Procore-Company-Id header!', 'company-header-missing'],
    [500, 'Missing Procore-Company-Id header!', 'server-error'],
    [403, 'The app is connected to this company', 'forbidden'],
  ])('of status %i that says "%s" is %s', (status, said, kind) => {
    expect(answered(status, said)).toBe(kind);
    expect(answered(status, 'Something else', `base: ${said}`)).toBe(kind);
  });
});

test.each<[ConnectionFailure | undefined, ProblemKind]>([
  ['not-sent', 'connection-refused'],
  ['timeout', 'timeout'],
  ['lost', 'connection-lost'],
  [undefined, 'unexpected'],
])('without an answer (%s) it is %s', (failure, kind) => {
  expect(classify({ kind: 'unanswered', failure })).toBe(kind);
});

describe('whether it may have run', () => {
  const all = Object.keys(problems) as ProblemKind[];
  const uncertain: ProblemKind[] = [
    'request-timeout',
    'server-error',
    'bad-gateway',
    'unavailable',
    'gateway-timeout',
    'connection-lost',
    'timeout',
    'canceled',
    'unexpected',
  ];

  test.each(all)('%s', (kind) => {
    expect(mayHaveRun(kind, { throttled: false })).toBe(uncertain.includes(kind));
  });

  test('a 503 that says when to come back has not run; nothing else is excused by that', () => {
    const told = all.filter((kind) => mayHaveRun(kind, { throttled: true }));
    expect(told).toEqual(uncertain.filter((kind) => kind !== 'unavailable'));
  });
});

describe('every shape that the emulator answers with', () => {
  const expected: Record<string, { kind: ProblemKind } & Partial<ErrorBody>> = {
    envelope: {
      kind: 'bad-request',
      messages: ['uploads.0.file_name must be a string', 'uploads.0.size is required'],
      fields: {
        'uploads.0.file_name': ['uploads.0.file_name must be a string'],
        'uploads.0.size': ['uploads.0.size is required'],
      },
      reasonCodes: ['INVALID_PROPERTY', 'MISSING_PROPERTY'],
    },
    message: { kind: 'bad-request', messages: ['The page parameter is not a number.'] },
    error: { kind: 'bad-request', messages: ['The filters parameter is malformed.'] },
    'errors-text': { kind: 'bad-request', messages: ['The request body is not a JSON object.'] },
    'errors-list': {
      kind: 'bad-request',
      messages: ['due_date is not a date', 'number is not a string'],
    },
    'plain-text': {
      kind: 'bad-request',
      messages: ['Bad Request: the per_page parameter is not a number.'],
    },
    'company-header-missing': {
      kind: 'company-header-missing',
      messages: ['Missing Procore-Company-Id header! Add it with the ID of the company.'],
    },
    'company-header-missing-json': {
      kind: 'company-header-missing',
      messages: ['Missing Procore-Company-Id header! Add it with the ID of the company.'],
    },
    'token-expired': { kind: 'access-token-invalid' },
    'token-revoked': { kind: 'access-token-invalid' },
    'token-invalid': { kind: 'access-token-invalid' },
    'token-invalid-errors': { kind: 'access-token-invalid', messages: ['The access token is invalid'] },
    'token-invalid-oauth': { kind: 'access-token-invalid', messages: ['The access token was revoked'] },
    'token-invalid-envelope': {
      kind: 'access-token-invalid',
      messages: ['The access token is invalid'],
      reasonCodes: ['INVALID_TOKEN'],
    },
    'unauthorized-empty': { kind: 'unauthorized' },
    'app-not-connected': { kind: 'app-not-connected', messages: ['App is not connected to this company'] },
    'app-not-connected-message': {
      kind: 'app-not-connected',
      messages: ['App is not connected to this company'],
    },
    'permission-missing': {
      kind: 'forbidden',
      messages: ['You do not have permission to access this resource.'],
    },
    'tool-disabled': { kind: 'forbidden', messages: ['The RFIs tool is not enabled in this project.'] },
    'forbidden-envelope': {
      kind: 'forbidden',
      messages: ['The resource is outside the scope of the user.'],
      reasonCodes: ['OUT_OF_SCOPE'],
    },
    'forbidden-html': { kind: 'forbidden', messages: ['403 Request blocked'] },
    'not-found': { kind: 'not-found', messages: ['Not Found'] },
    'not-found-empty': { kind: 'not-found' },
    'method-not-allowed': { kind: 'unexpected', messages: ['Method Not Allowed'] },
    'not-acceptable': { kind: 'not-acceptable', messages: ['The field "subjekt" does not exist.'] },
    'request-timeout': {
      kind: 'request-timeout',
      messages: ['The query took too long. Narrow it and try again.'],
    },
    conflict: {
      kind: 'conflict',
      messages: ['origin_id: has already been taken'],
      fields: { origin_id: ['has already been taken'] },
    },
    unprocessable: {
      kind: 'unprocessable',
      messages: ["subject: can't be blank", 'subject: is too short', 'due_date: is past'],
      fields: { subject: ["can't be blank", 'is too short'], due_date: ['is past'] },
    },
    'unprocessable-text': {
      kind: 'unprocessable',
      messages: ['status: cannot change from closed to draft'],
      fields: { status: ['cannot change from closed to draft'] },
    },
    'rate-limited': {
      kind: 'rate-limited',
      messages: ['You have surpassed the max number of requests for an hour. Please try again later.'],
    },
    'rate-limited-bare': {
      kind: 'rate-limited',
      messages: ['You have surpassed the max number of requests for an hour. Please try again later.'],
    },
    'server-error': { kind: 'server-error', messages: ['Internal Server Error'] },
    'server-error-empty': { kind: 'server-error' },
    'server-error-broken-json': { kind: 'server-error' },
    'bad-gateway': { kind: 'bad-gateway', messages: ['502 Bad Gateway'] },
    unavailable: { kind: 'unavailable', messages: ['Service Unavailable'] },
    'unavailable-bare': { kind: 'unavailable', messages: ['Service Unavailable'] },
    'unavailable-html': { kind: 'unavailable', messages: ['503 Service Temporarily Unavailable'] },
    'gateway-timeout': { kind: 'gateway-timeout', messages: ['504 Gateway Time-out'] },
  };
  const failures = Object.entries(errorShapes).filter(([, { status }]) => status >= 300);

  test('has its row here', () => {
    expect(Object.keys(expected)).toEqual(failures.map(([name]) => name));
  });

  test.each(failures)('%s', (name, { status, headers, body }) => {
    const { kind, ...said } = expected[name]!;
    for (const data of [body, Buffer.from(body), new TextEncoder().encode(body).buffer]) {
      const read = parseErrorBody(data);
      expect(read).toEqual({ messages: [], fields: {}, reasonCodes: [], ...said });
      expect(
        classify({
          kind: 'answered',
          status,
          body: read,
          refusal: refusalReason(readAnswer(status, headers).challenge, data),
        }),
      ).toBe(kind);
    }
  });
});
