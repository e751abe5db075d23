import axios from 'axios';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import * as errors from '../../src/failure/errors.js';
import { caught } from '../support/caught.js';
import { drive } from '../support/drive.js';
import { fail, failures } from '../support/failures.js';
import { createHarness } from '../support/harness.js';

const { isProcoreError } = errors;

test('every code that the package has is provoked here, but for the pacing that comes later', () => {
  const codes = new Set(failures.map(({ code }) => code));
  expect([...codes].sort()).toEqual([
    'ERR_PROCORE_ACCOUNT_UNDECIDED',
    'ERR_PROCORE_CLIENT_REJECTED',
    'ERR_PROCORE_DEADLINE',
    'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
    'ERR_PROCORE_TOKEN_RENEWAL_FAILED',
    'ERR_PROCORE_TOKEN_STORE_FAILED',
    'ERR_PROCORE_WRONG_ENVIRONMENT',
  ]);
});

test.each(failures)(
  '$name: an error of its own class, code and kind that axios and the plugin recognise',
  async (failure) => {
    await using failed = await fail(failure);
    const { error } = failed;
    expect(error).toMatchObject({ code: failure.code, kind: failure.kind, isAxiosError: true });
    expect(axios.isAxiosError(error)).toBe(true);
    expect(axios.isCancel(error)).toBe(false);
    expect(isProcoreError(error)).toBe(true);
    expect(error).toBeInstanceOf((errors as unknown as Record<string, new () => Error>)[error.name]);
    expect(error.message).toMatch(/^GET \/rest\/v1\.0\/me: /);
  },
);

test.each(failures)(
  "$name: config is the application's own, and a legacy axios-retry does not repeat it",
  async (failure) => {
    await using failed = await fail(failure);
    const { error, sent } = failed;
    expect(error.config).toBe(sent);
    expect(error.config).toMatchObject({ 'axios-retry': { retries: 0 } });
    expect(error.config!.adapter).toEqual(axios.defaults.adapter);
  },
);

test.each(failures)(
  '$name: there is a response with a status that legacy code can act on',
  async (failure) => {
    await using failed = await fail(failure);
    const { error, sent } = failed;
    const response = error.response!;
    expect(response.status).toBe(error.status);
    expect([401, 503]).toContain(response.status);
    expect(response.config).toBe(sent);
    expect(response.headers['x-axios-procore']).toBe(failure.synthetic ? 'synthetic' : undefined);
    if (failure.synthetic) expect(response.data).toEqual({ message: error.message });
    else expect(response.headers['www-authenticate']).toMatch(/invalid_token/);
  },
);

test.each(failures.filter(({ synthetic }) => synthetic))(
  '$name: the synthetic answer survives transformResponse: [JSON.parse]',
  async (failure) => {
    await using failed = await fail(failure, {
      transformResponse: [(data: string) => JSON.parse(data) as unknown],
    });
    expect(failed.error.response!.data).toEqual({ message: failed.error.message });
  },
);

test.each(failures)('$name: the error can be changed, as real clients do', async (failure) => {
  await using failed = await fail(failure);
  const { error } = failed;
  error.message = 'mine';
  error.response!.status = 418;
  error.response!.data = { mine: true };
  Object.assign(error, { config: { url: '/mine' }, extra: 1 });
  expect(error).toMatchObject({
    message: 'mine',
    response: { status: 418, data: { mine: true } },
    config: { url: '/mine' },
    extra: 1,
  });
});

test.each(failures)('$name: no serialisation of the error shows a token or secret', async (failure) => {
  await using failed = await fail(failure);
  const { error, secrets } = failed;
  const shown = [
    JSON.stringify(error),
    JSON.stringify(error.toJSON()),
    JSON.stringify({ ...error }),
    inspect(error, { depth: 10 }),
    inspect(error, { depth: Infinity, showHidden: true }),
    inspect(new Error('wrapped', { cause: error }), { depth: 10 }),
    String(error),
    error.stack ?? '',
    JSON.stringify(error.response!.data),
    JSON.stringify(error.response!.headers),
  ];
  for (const text of shown) for (const secret of secrets()) expect(text).not.toContain(secret);
  // It is still worth reading.
  expect(JSON.parse(shown[0]!)).toMatchObject({
    code: failure.code,
    kind: failure.kind,
    method: 'GET',
    path: '/rest/v1.0/me',
  });
  expect(shown[3]).toContain(error.message);
});

test.each(failures)('$name: the error carries nothing of the token request', async (failure) => {
  await using failed = await fail(failure);
  const { error } = failed;
  const carried = inspect([error.config, error.response!.config], { depth: 10 });
  expect(carried).not.toMatch(/oauth|grant_type|client_secret/);
});

test.each([404, 422, 500])(
  "a %i of the API: axios's own error, without our bearer in its configuration",
  async (status) => {
    await using h = await createHarness();
    h.emulator.misbehave({
      on: 'api',
      times: Infinity,
      do: { kind: 'answer', status, body: { message: 'No.' } },
    });
    const error = await drive(h.env, caught(h.instance.get('/rest/v1.0/me')));
    expect(isProcoreError(error)).toBe(false);
    expect(error.isAxiosError).toBe(true);
    const token = h.store.sets.get('default')!.access_token;
    expect(JSON.stringify(error.toJSON())).not.toContain(token);
    expect(
      inspect([error.config, error.response!.config, error.response!.data], { depth: 10 }),
    ).not.toContain(token);
  },
);
