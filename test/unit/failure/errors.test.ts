import type { AxiosResponse } from 'axios';
import { inspect } from 'node:util';
import { expect, test, vi } from 'vitest';
import type { ErrorDetails } from '../../../src/failure/error-base.js';
import * as errors from '../../../src/failure/errors.js';

const {
  AccountUndecidedError,
  ClientRejectedError,
  DeadlineError,
  isProcoreError,
  ProcoreError,
  RateLimitedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
  WrongEnvironmentError,
} = errors;

const retryAt = new Date('2027-01-15T08:00:00Z');
const classes: [
  name: string,
  make: (details?: ErrorDetails) => errors.ProcoreError,
  code: string,
  kind: string,
  status: number,
][] = [
  [
    'ReauthenticationRequiredError',
    (d) => new ReauthenticationRequiredError('s', { ...d, reason: 'no-tokens' }),
    'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
    'reauthentication-required',
    401,
  ],
  [
    'TokenRenewalError',
    (d) => new TokenRenewalError('s', d),
    'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
    'token-renewal-failed',
    503,
  ],
  [
    'ClientRejectedError',
    (d) => new ClientRejectedError('s', d),
    'ERR_PROCORE_CLIENT_REJECTED',
    'client-rejected',
    503,
  ],
  [
    'TokenStoreError',
    (d) => new TokenStoreError('s', d),
    'ERR_PROCORE_TOKEN_STORE_FAILED',
    'token-store-failed',
    503,
  ],
  ['RateLimitedError', (d) => new RateLimitedError('s', d), 'ERR_PROCORE_RATE_LIMITED', 'rate-limited', 429],
  ['DeadlineError', (d) => new DeadlineError('s', d), 'ERR_PROCORE_DEADLINE', 'deadline', 503],
  [
    'WrongEnvironmentError',
    (d) => new WrongEnvironmentError('s', d),
    'ERR_PROCORE_WRONG_ENVIRONMENT',
    'wrong-environment',
    503,
  ],
  [
    'AccountUndecidedError',
    (d) => new AccountUndecidedError('s', d),
    'ERR_PROCORE_ACCOUNT_UNDECIDED',
    'account-undecided',
    503,
  ],
];

test.each(classes)('%s has its name, code, kind and status', (name, make, code, kind, status) => {
  const error = make();
  expect(error).toMatchObject({ name, code, kind, status, isAxiosError: true, message: 's' });
  expect(error).toBeInstanceOf(Error);
  expect(error).toBeInstanceOf(ProcoreError);
  expect(error).toBeInstanceOf((errors as unknown as Record<string, new () => unknown>)[name]);
  expect(Object.prototype.toString.call(error)).toBe('[object Error]');
  expect(error.stack).toContain('errors.test.ts');
});

test('every class that is exported has a row here', () => {
  const exported = Object.keys(errors).filter(
    (name) => name.endsWith('Error') && /^[A-Z]/.test(name) && name !== 'ProcoreError',
  );
  expect(classes.map(([name]) => name).sort()).toEqual(exported.sort());
});

test.each(classes)(
  '%s is recognised by isProcoreError, across copies of the package too',
  async (name, make) => {
    vi.resetModules();
    const copy = await import('../../../src/failure/errors.js');
    const theirs = copy as unknown as Record<string, new (summary: string, details: object) => Error>;
    const foreign = new theirs[name]!('s', { reason: 'no-tokens' });
    expect(foreign).not.toBeInstanceOf(ProcoreError);
    expect(isProcoreError(foreign)).toBe(true);
    expect(copy.isProcoreError(make())).toBe(true);
  },
);

test.each([
  undefined,
  null,
  'x',
  5,
  {},
  new Error('x'),
  { isAxiosError: true, code: 'ERR_PROCORE_DEADLINE' },
])('isProcoreError(%j) is false', (value) => {
  expect(isProcoreError(value)).toBe(false);
});

const config = {
  method: 'post',
  url: '/rest/v1.0/x?secret=1',
  headers: { Authorization: 'Bearer very-secret' },
} as never;
const call = { config, path: '/rest/v1.0/x' };

test.each(classes)(
  '%s told of a call names method and path, and keeps what it knows',
  (_name, make, code) => {
    const cause = new Error('root');
    const before = make({ account: 'ann', cause, retryAt });
    const told = errors.forCall(before, call);
    expect(told).not.toBe(before);
    expect(told.constructor).toBe(before.constructor);
    expect(told.message).toBe('POST /rest/v1.0/x: s');
    expect(told).toMatchObject({ code, account: 'ann' });
    expect(told.cause).toBe(before.cause);
    expect(told.cause).toMatchObject({ name: 'Error', message: 'root' });
    expect(told.config).toBe(config);
    expect(before.config).toBeUndefined();
    expect((told as { retryAt?: Date }).retryAt).toEqual((before as { retryAt?: Date }).retryAt);
  },
);

test('without an answer the response is synthetic, and says so', () => {
  const { response } = errors.forCall(new ReauthenticationRequiredError('s', { reason: 'no-tokens' }), call);
  expect(response).toMatchObject({
    status: 401,
    statusText: 'Unauthorized',
    headers: { 'x-axios-procore': 'synthetic' },
  });
  expect(JSON.parse(response.data as string)).toEqual({ message: 'POST /rest/v1.0/x: s' });
  expect(response.config).toBe(config);
});

test('a synthetic 429 carries Retry-After, a 503 does not', () => {
  expect(new RateLimitedError('s', { retryAt }).response.headers['retry-after']).toBe(
    'Fri, 15 Jan 2027 08:00:00 GMT',
  );
  expect(new TokenRenewalError('s', { retryAt }).response.headers).not.toHaveProperty('retry-after');
});

test('with an answer the response is that answer, and the status its own', () => {
  const response = { status: 401, data: 'x', headers: {}, config } as unknown as AxiosResponse;
  const told = errors.forCall(new TokenRenewalError('s'), { ...call, response });
  expect(told.response).toBe(response);
  expect(told.status).toBe(401);
});

test.each(classes)(
  '%s shows no configuration, header, answer or cause to JSON.stringify and Object.keys',
  (_name, make) => {
    const cause = Object.assign(new Error('root'), { token: 'very-secret' });
    const told = errors.forCall(make({ cause, account: 'ann', retryAt }), call);
    const shown = JSON.stringify(told);
    expect(shown).not.toContain('secret');
    expect(JSON.parse(shown)).toMatchObject({
      code: told.code,
      kind: told.kind,
      status: told.status,
      method: 'POST',
      path: '/rest/v1.0/x',
      account: 'ann',
    });
    expect(JSON.stringify(told.toJSON())).toBe(shown);
    for (const hidden of ['config', 'request', 'response', 'cause'])
      expect(Object.keys(told)).not.toContain(hidden);
    expect(JSON.stringify({ ...told })).not.toContain('secret');
  },
);

test.each(classes)('%s prints message, stack and the text of its cause, redacted', (_name, make) => {
  const token = '76ba9d03cbd0e0a8e9a4b2f1c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6';
  const cause = Object.assign(new Error(`insert failed: refresh_token=${token} (${token})`), { token });
  const told = errors.forCall(make({ cause }), call);
  for (const options of [{}, { depth: 10 }, { depth: Infinity, showHidden: true }]) {
    for (const printed of [
      inspect(told, options),
      inspect({ wrapped: told }, options),
      inspect(new Error('app', { cause: told }), options),
    ]) {
      expect(printed).not.toContain(token);
      expect(printed).not.toContain('very-secret');
      expect(printed).toContain('POST /rest/v1.0/x: s');
      expect(printed).toContain('errors.test.ts');
      expect(printed).toContain('insert failed');
    }
  }
});

test.each(classes)('%s is mutable, as real clients expect', (_name, make) => {
  const told = errors.forCall(make(), call) as errors.ProcoreError & Record<string, unknown>;
  const other = { status: 418 } as AxiosResponse;
  Object.assign(told, {
    message: 'mine',
    status: 418,
    code: 'MINE',
    response: other,
    config: undefined,
    extra: 1,
  });
  expect(told).toMatchObject({ message: 'mine', status: 418, code: 'MINE', extra: 1 });
  expect(told.response).toBe(other);
  expect(told.config).toBeUndefined();
  expect(JSON.parse(JSON.stringify(told))).toMatchObject({ message: 'mine', status: 418, code: 'MINE' });
});
