import { describe, expect, test } from 'vitest';
import { errorShapes } from '../../../src/emulator/index.js';
import { emulate, get, postToken } from './support.js';

const names = Object.keys(errorShapes);
const route = (name: string) => `/rest/v1.0/emulator/errors/${name}`;
const jsonOf = (name: string): unknown => JSON.parse(errorShapes[name]!.body);

describe('the route of error shapes', () => {
  test('answers each shape as the table has it, without a company header', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    for (const name of names) {
      const shape = errorShapes[name]!;
      const answer = await get(emulator, route(name), access_token);
      const headers = Object.keys(shape.headers).map((header) => [header, answer.headers.get(header)]);
      expect([name, answer.status, await answer.text()]).toEqual([name, shape.status, shape.body]);
      expect(Object.fromEntries(headers)).toEqual(shape.headers);
    }
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('answers %s too, and writes nothing', async (method) => {
    const emulator = await emulate();
    const headers = { authorization: `Bearer ${emulator.issue().access_token}` };
    const url = emulator.url + route('unprocessable');
    for (let i = 0; i < 2; i++) {
      expect((await fetch(url, { method, headers, body: '{}' })).status).toBe(422);
    }
    expect(emulator.log[0]).not.toHaveProperty('wrote');
    expect(emulator.counters.duplicateWrites).toBe(0);
  });

  test('asks for the bearer, and even of a service account for no company', async () => {
    const emulator = await emulate();
    expect((await fetch(emulator.url + route('conflict'))).status).toBe(401);
    const answer = await postToken(emulator, { grant_type: 'client_credentials' });
    const { access_token } = (await answer.json()) as { access_token: string };
    expect((await get(emulator, route('conflict'), access_token)).status).toBe(409);
  });

  test.each(['no-such-shape', 'constructor', '__proto__'])('has no shape "%s"', async (name) => {
    const emulator = await emulate();
    const answer = await get(emulator, route(name), emulator.issue().access_token);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ message: 'errorShapes has no shape of that name.' });
  });
});

describe('the error shapes', () => {
  test('have every status that Procore documents for failures', () => {
    const statuses = new Set(Object.values(errorShapes).map(({ status }) => status));
    expect([...statuses].sort((one, other) => one - other)).toEqual([
      200, 201, 207, 400, 401, 403, 404, 405, 406, 408, 409, 422, 429, 500, 502, 503, 504,
    ]);
  });

  test('have every form of body', () => {
    expect(jsonOf('envelope')).toMatchObject({
      error: { code: 'BAD_REQUEST', details: [{ reason_code: 'INVALID_PROPERTY' }, {}] },
    });
    expect(jsonOf('message')).toEqual({ message: expect.any(String) as unknown });
    expect(jsonOf('error')).toEqual({ error: expect.any(String) as unknown });
    expect(jsonOf('errors-text')).toEqual({ errors: expect.any(String) as unknown });
    expect(jsonOf('errors-list')).toEqual({ errors: [expect.any(String), expect.any(String)] as unknown });
    expect(jsonOf('unprocessable')).toMatchObject({
      errors: { subject: ["can't be blank", 'is too short'] },
    });
    expect(jsonOf('unprocessable-text')).toEqual({ errors: { status: expect.any(String) as unknown } });
    expect(() => jsonOf('plain-text')).toThrow(SyntaxError);
    expect(() => jsonOf('server-error-broken-json')).toThrow(SyntaxError);
    expect(errorShapes['server-error-broken-json']!.headers['content-type']).toContain('json');
    expect(errorShapes['bad-gateway']).toMatchObject({
      headers: { 'content-type': 'text/html' },
      body: expect.stringMatching(/^<html>/) as unknown,
    });
    expect(errorShapes['server-error-empty']).toEqual({ status: 500, headers: {}, body: '' });
  });

  test('say in words what only words say', () => {
    expect(errorShapes['app-not-connected']).toMatchObject({ status: 403 });
    expect(errorShapes['app-not-connected']!.body).toContain('App is not connected to this company');
    expect(errorShapes['company-header-missing']!.body).toMatch(/^Missing Procore-Company-Id header!/);
    expect(errorShapes['rate-limited']!.body).toContain('an hour');
  });

  test('give the reason of a 401 in the challenge, in the body, or nowhere', () => {
    const challenge = (name: string) => errorShapes[name]!.headers['www-authenticate'];
    expect(challenge('token-expired')).toContain('The access token expired');
    expect(challenge('token-revoked')).toContain('The access token was revoked');
    expect(challenge('token-invalid')).toContain('The access token is invalid');
    expect(errorShapes['token-expired']!.body).toBe('');
    expect(jsonOf('token-invalid-errors')).toEqual({ errors: 'The access token is invalid' });
    expect(jsonOf('token-invalid-oauth')).toMatchObject({ error: 'invalid_token' });
    expect(jsonOf('token-invalid-envelope')).toMatchObject({
      error: { details: [{ reason_code: 'INVALID_TOKEN' }] },
    });
    expect(errorShapes['unauthorized-empty']).toEqual({ status: 401, headers: {}, body: '' });
  });

  test('come with and without Retry-After', () => {
    const waits = ['rate-limited', 'rate-limited-bare', 'unavailable', 'unavailable-bare'].map(
      (name) => errorShapes[name]!.headers['retry-after'],
    );
    expect(waits).toEqual(['1', undefined, '1', undefined]);
  });

  test('of successes carry failures', () => {
    expect(jsonOf('sync-partial')).toMatchObject({ entities: [{}], errors: [{ errors: {} }] });
    expect(jsonOf('bulk-partial')).toMatchObject({
      data: { success: [{}], failed: [{ code: 'NOT_FOUND' }] },
    });
    expect(jsonOf('uploads-partial')).toMatchObject({ failures: [{ reason_code: 'FILE_TOO_LARGE' }] });
  });
});
