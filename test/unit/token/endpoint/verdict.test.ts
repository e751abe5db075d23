import { describe, expect, test } from 'vitest';
import {
  judgeAnswer,
  judgeFailure,
  judgeThrow,
  judgeTokenSet,
  type Verdict,
} from '../../../../src/token/endpoint/verdict.js';
import { tokenRequestForm } from '../../../../src/token/endpoint/forms.js';

const nowMs = Date.UTC(2030, 0, 1);
const opaque = '76ba2f0d9c1e4b7a8d3f6e5c4b3a291876ba2f0d9c1e4b7a8d3f6e5c4b3a2918';
const jwt = 'eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl';

interface Sent {
  status?: number;
  body?: unknown;
  retryAfter?: unknown;
  location?: unknown;
}
const judge = ({ status = 200, body, retryAfter, location }: Sent, secrets?: string[]): Verdict =>
  judgeAnswer({ status, body, retryAfter, location }, nowMs, secrets);
const whyOf = (verdict: Verdict): string => ('why' in verdict ? verdict.why : '');

describe('the form of a token request', () => {
  const fieldsOf = (form: string) => Object.fromEntries(new URLSearchParams(form));
  const grant = { type: 'refresh_token', refresh_token: 'r+/=1' } as const;

  test('carries special characters unharmed', () => {
    const secret = 'a&b=c d+e%41/ü€"\n';
    const form = tokenRequestForm(grant, { id: 'id?&', secret });
    expect(fieldsOf(form)).toEqual({
      grant_type: 'refresh_token',
      client_id: 'id?&',
      client_secret: secret,
      refresh_token: 'r+/=1',
    });
    expect(form).toMatch(/^[\w*.~%&=+-]+$/);
  });

  test('carries redirect_uri on a refresh where it is set', () => {
    const redirectUri = 'urn:ietf:wg:oauth:2.0:oob';
    const client = { id: 'i', secret: 's', redirectUri };
    expect(fieldsOf(tokenRequestForm(grant, client))['redirect_uri']).toBe(redirectUri);
    expect(fieldsOf(tokenRequestForm({ type: 'client_credentials' }, client))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'i',
      client_secret: 's',
    });
  });
});

describe('an answer with an error in its body is judged by it, whatever its status', () => {
  const statuses = [200, 400, 401, 403, 404, 408, 429, 500, 503, 504];

  test.each(statuses)('invalid_grant on %i', (status) => {
    const body = JSON.stringify({ error: 'invalid_grant', error_description: 'expired, revoked, …' });
    expect(judge({ status, body, retryAfter: '5' })).toEqual({
      kind: 'invalid-grant',
      why: `it answered ${status} invalid_grant: expired, revoked, …`,
    });
  });

  test.each(
    [
      'invalid_client',
      'unauthorized_client',
      'unsupported_grant_type',
      'invalid_request',
      'invalid_scope',
      'invalid_redirect_uri',
      'redirect_uri_mismatch',
    ].flatMap((error) => [200, 400, 401, 500, 503].map((status) => [error, status] as const)),
  )('%s on %i', (error, status) => {
    expect(judge({ status, body: { error } })).toEqual({
      kind: 'client-rejected',
      why: `it answered ${status} ${error}`,
    });
  });

  test.each([undefined, null, 5, { x: 1 }, ['x'], ''])(
    'without a description that is a text (%o)',
    (description) => {
      const body = { error: 'invalid_grant', error_description: description };
      expect(judge({ status: 400, body })).toEqual({
        kind: 'invalid-grant',
        why: 'it answered 400 invalid_grant',
      });
    },
  );

  test('also when it brings a token along', () => {
    const body = { error: 'invalid_grant', access_token: 'a' };
    expect(judge({ body }).kind).toBe('invalid-grant');
  });

  test.each([
    ['server_error'],
    ['temporarily_unavailable'],
    ['Invalid_Grant'],
    [''],
    [{ code: 'x' }],
    [null],
  ])('but not by one that it does not know (%o)', (error) => {
    expect(judge({ status: 400, body: { error } }).kind).toBe('unclear');
    expect(judge({ status: 500, body: { error } }).kind).toBe('perhaps-spent');
    expect(judge({ status: 503, body: { error } }).kind).toBe('busy');
  });
});

describe('an answer without an error in its body is judged by its status', () => {
  test.each([200, 201, 299])('%i with a token is a renewal', (status) => {
    const answer = { access_token: 'a', refresh_token: 'r', expires_in: 5400, created_at: 1, extra: true };
    expect(judge({ status, body: JSON.stringify(answer) })).toEqual({ kind: 'renewed', answer });
    expect(judge({ status, body: answer })).toEqual({ kind: 'renewed', answer });
  });

  test.each<[string, Sent]>([
    ['an empty body', { body: '' }],
    ['no body', { body: undefined }],
    ['204', { status: 204, body: '' }],
    ['HTML', { body: '<html>Welcome</html>' }],
    ['half a JSON text', { body: '{"access_token":"a' }],
    ['null', { body: 'null' }],
    ['a text', { body: '"a"' }],
    ['an array', { body: '[{"access_token":"a"}]' }],
    ['no access token', { body: '{"refresh_token":"r"}' }],
    ['an empty access token', { body: '{"access_token":"","refresh_token":"r"}' }],
    ['an access token that is a number', { body: '{"access_token":5}' }],
    ['an access token that no header takes', { body: '{"access_token":"a b"}' }],
    ['a refresh token that is an object', { body: '{"access_token":"a","refresh_token":{}}' }],
  ])('a success with %s: the token may be spent', (_what, sent) => {
    expect(judge(sent).kind).toBe('perhaps-spent');
  });

  test.each([500, 501, 502, 504, 520, 599, 408])('%i: the token may be spent', (status) => {
    expect(judge({ status, body: '<html>' })).toEqual({
      kind: 'perhaps-spent',
      why: `it answered ${status}`,
    });
  });

  test.each([429, 503])('%i: not spent, and a wait', (status) => {
    const waitFor = (retryAfter: unknown) => judge({ status, body: '', retryAfter });
    expect(waitFor('7')).toEqual({ kind: 'busy', why: `it answered ${status}`, waitMs: 7_000 });
    expect(waitFor(new Date(nowMs + 9_000).toUTCString())).toMatchObject({ kind: 'busy', waitMs: 9_000 });
    expect(waitFor('0')).toMatchObject({ kind: 'busy', waitMs: 0 });
    for (const garbage of ['soon', '-1', '', undefined, null, {}])
      expect(waitFor(garbage)).toEqual({ kind: 'busy', why: `it answered ${status}`, waitMs: undefined });
  });

  test.each([300, 301, 302, 303, 307, 308])(
    '%i: unclear; where it leads is told, and not followed',
    (status) => {
      const location = `https://user:pass@evil.example/oauth/token?client_secret=${opaque}`;
      const verdict = judge({ status, body: '', location });
      expect(verdict.kind).toBe('unclear');
      expect(whyOf(verdict)).toBe(
        `it answered ${status}, a redirect to https://evil.example; check loginUrl`,
      );
      expect(whyOf(judge({ status, location: '/login' }))).toContain('a redirect; check loginUrl');
      expect(whyOf(judge({ status, location: undefined }))).toContain('a redirect; check loginUrl');
    },
  );

  test.each([400, 401, 402, 403, 404, 405, 410, 415, 422, 451])('%i: unclear', (status) => {
    expect(judge({ status, body: '<html>' })).toEqual({ kind: 'unclear', why: `it answered ${status}` });
  });
});

describe('what a custom exchange returns', () => {
  test('is a renewal when it has an access token', () => {
    expect(judgeTokenSet({ access_token: 'a' })).toEqual({ kind: 'renewed', answer: { access_token: 'a' } });
  });

  test.each<[unknown, string]>([
    [undefined, 'nothing'],
    [null, 'nothing'],
    ['a', 'a string'],
    [[], 'an array'],
    [{}, 'neither'],
    [{ refresh_token: 'r' }, 'without access_token'],
    [{ access_token: 'a b' }, 'white space'],
  ])('may have cost the token otherwise (%o)', (value, says) => {
    const verdict = judgeTokenSet(value);
    expect(verdict.kind).toBe('perhaps-spent');
    expect(whyOf(verdict)).toContain(says);
  });
});

describe('an error of the request', () => {
  const host = 'https://login.procore.com';

  test('says not-sent only when no connection was made', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(judgeFailure(refused, host)).toEqual({
      kind: 'not-sent',
      why: 'no connection to https://login.procore.com was made (ECONNREFUSED)',
    });
  });

  test.each<[unknown, string]>([
    [Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [Object.assign(new Error('x'), { code: 'ECONNABORTED' }), 'ECONNABORTED'],
    [new TypeError('x'), 'TypeError'],
    [undefined, 'undefined'],
    [null, 'object'],
    ['a text', 'string'],
    [Object.assign(new Error('x'), { code: '', name: '' }), 'object'],
  ])('else that the token may be spent, by its code and not by its words', (error, code) => {
    expect(judgeFailure(error, host)).toEqual({
      kind: 'perhaps-spent',
      why: `the answer of ${host} was lost (${code})`,
    });
  });
});

describe("a throw of the application's exchange", () => {
  test.each([
    [{ error: 'invalid_grant' }, 400, 'invalid-grant'],
    ['{"error":"invalid_grant"}', 401, 'invalid-grant'],
    [{ error: 'invalid_client' }, 401, 'client-rejected'],
    [{ error: 'server_error' }, 400, 'perhaps-spent'],
    ['', 400, 'perhaps-spent'],
    ['', 429, 'perhaps-spent'],
    [{ access_token: 'a' }, 200, 'perhaps-spent'],
  ] as const)(
    "is judged by the endpoint's own verdict, if it carries one (%o on %i)",
    (data, status, kind) => {
      const error = Object.assign(new Error('x'), { response: { status, data } });
      expect(judgeThrow(error, nowMs).kind).toBe(kind);
    },
  );

  test.each([undefined, null, 'x', 5, new Error('x'), { response: null }, { response: { status: '400' } }])(
    'may have cost the token otherwise (%o)',
    (error) => {
      expect(judgeThrow(error, nowMs).kind).toBe('perhaps-spent');
    },
  );
});

describe('the text of a verdict holds no secret', () => {
  const secrets = [opaque, 'hunter2!', 'a&b'];

  test.each([
    `Invalid refresh token: ${opaque}`,
    `token ${jwt} is unknown`,
    `Bearer ${jwt}`,
    `client_secret=hunter2! is wrong`,
    `no client has hunter2!`,
    `${'x'.repeat(290)} ${opaque}`,
    `${jwt.repeat(20)} ${opaque}`,
  ])('though the server quotes what it was sent (%s)', (description) => {
    for (const error of ['invalid_grant', 'invalid_client']) {
      const why = whyOf(judge({ status: 400, body: { error, error_description: description } }, secrets));
      expect(why).not.toMatch(/76ba2f0d|hunter2|eyJzdWI/);
      expect(why.length).toBeLessThan(400);
    }
  });

  test('nor does an unknown error code', () => {
    const why = whyOf(judge({ status: 400, body: { error: `bad ${opaque}` } }, secrets));
    expect(why).not.toContain('76ba2f0d');
    expect(whyOf(judge({ status: 400, body: { error: 'x'.repeat(1_000) } })).length).toBeLessThan(120);
  });

  test('is quoted without its full stop, for it stands within a sentence', () => {
    const body = { error: 'invalid_client', error_description: 'Unsupported method. Or unknown. ' };
    expect(whyOf(judge({ status: 401, body }))).toBe(
      'it answered 401 invalid_client: Unsupported method. Or unknown',
    );
  });

  test('nor the code or the name of an error', () => {
    for (const field of ['code', 'name']) {
      for (const value of [`refused ${opaque}`, opaque, `refresh_token=${opaque}`]) {
        const error = Object.assign(new Error(opaque), { [field]: value });
        expect(whyOf(judgeFailure(error, 'https://login.procore.com'))).not.toContain('76ba2f0d');
        expect(whyOf(judgeThrow(error, nowMs))).not.toContain('76ba2f0d');
      }
    }
  });

  test('nor what an exchange returned', () => {
    expect(whyOf(judgeTokenSet({ access_token: `${opaque} ${opaque}` }))).not.toContain('76ba2f0d');
    expect(whyOf(judgeTokenSet(opaque))).not.toContain('76ba2f0d');
  });

  test('and a huge description is not searched from each of its characters, which would take hours', () => {
    const description = 'eyJ-'.repeat(1_000_000);
    const verdict = judge({ status: 400, body: { error: 'invalid_grant', error_description: description } });
    expect(verdict.kind).toBe('invalid-grant');
  });
});
