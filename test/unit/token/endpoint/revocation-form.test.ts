import { expect, test } from 'vitest';
import { revocationForm } from '../../../../src/token/endpoint/forms.js';
import { judgeRevocation } from '../../../../src/token/endpoint/verdict.js';

const answer = (status: number, body: unknown = '{}', retryAfter?: string) => ({
  status,
  body,
  retryAfter,
  location: undefined,
});

test('the form has the token and the client, and nothing else', () => {
  const form = new URLSearchParams(revocationForm('t&1', { id: 'id', secret: 's=1' }));
  expect(Object.fromEntries(form)).toEqual({ token: 't&1', client_id: 'id', client_secret: 's=1' });
});

test.each([
  ['200', answer(200), 'revoked'],
  ['200 without a body', answer(200, ''), 'revoked'],
  ['204', answer(204, undefined), 'revoked'],
  ['200 with an error of the client', answer(200, '{"error":"invalid_client"}'), 'client-rejected'],
  ['401 invalid_client', answer(401, '{"error":"invalid_client"}'), 'client-rejected'],
  ['403 unauthorized_client', answer(403, { error: 'unauthorized_client' }), 'client-rejected'],
  ['400 invalid_request', answer(400, '{"error":"invalid_request"}'), 'client-rejected'],
  ['400 unsupported_token_type', answer(400, '{"error":"unsupported_token_type"}'), 'unclear'],
  ['403 without a reason', answer(403, '<html>'), 'unclear'],
  ['404', answer(404), 'unclear'],
  ['302', answer(302), 'unclear'],
  ['429', answer(429), 'busy'],
  ['503', answer(503), 'busy'],
  ['500', answer(500), 'perhaps-spent'],
  ['504', answer(504), 'perhaps-spent'],
])('%s: %s', (_case, given, kind) => {
  expect(judgeRevocation(given, 0).kind).toBe(kind);
});

test('what the answer repeats is not quoted', () => {
  const body = { error: 'invalid_client', error_description: 'not for sec-ret-1' };
  expect(JSON.stringify(judgeRevocation(answer(401, body), 0, ['sec-ret-1']))).not.toContain('sec-ret-1');
});
