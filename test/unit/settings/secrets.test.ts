import { expect, test } from 'vitest';
import { redact } from '../../../src/text/redact.js';
import { secretsIn } from '../../../src/settings/secrets.js';

const shown = (text: string, ...given: Parameters<typeof secretsIn>) => redact(text, secretsIn(...given));

test.each([
  'PROCORE_CLIENT_SECRET',
  'AXIOS_PROCORE_CLIENT_SECRET',
  'PROCORE_REFRESH_TOKEN',
  'DB_PASSWORD',
  'STRIPE_API_KEY',
  'GITHUB_TOKEN',
  'ENCRYPTION_KEY',
])('the value of %s is hidden in every form', (name) => {
  const value = 'a b/c+d"é';
  const forms = [
    value,
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll('%20', '+'),
    JSON.stringify({ value }),
    JSON.stringify(JSON.stringify({ value })),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
  ];
  for (const form of forms) {
    const said = shown(`it was ${form}.`, { [name]: value });
    expect(said).toContain('[redacted]');
    expect(said).not.toMatch(/a[ +%].{0,3}b/);
  }
});

test.each(['abcd', 'hunter2', 'pa55word'])('a short one is hidden: %s', (value) => {
  expect(shown(`it was ${value}.`, { PROCORE_CLIENT_SECRET: value })).toBe('it was [redacted].');
});

test('of one with several lines each line is hidden, and all of them on one line', () => {
  const value = 'first-part\r\nsecond-part\n';
  expect(shown('second-part', { SIGNING_KEY: value })).toBe('[redacted]');
  expect(shown('first-part second-part', { SIGNING_KEY: value })).toBe('[redacted]');
});

test('what stands in JSON, in JSON in JSON and in an object of JavaScript is hidden', () => {
  const inner = JSON.stringify({ clientSecret: 'hunter2', deep: [{ a: 'other-secret' }] });
  const whole = JSON.stringify({ options: inner });
  for (const value of [
    inner,
    whole,
    `"${inner}"`,
    `{ clientSecret: 'hunter2', a: "other-secret" }`,
    inner.slice(0, -3),
  ])
    expect(shown('hunter2 and other-secret', { PROCORE_CONFIG: value }, ['PROCORE_CONFIG'])).toBe(
      '[redacted] and [redacted]',
    );
});

test('of an address the password is hidden, and the rest is not', () => {
  const environment = { DATABASE_URL: 'postgres://app:hunter%202@db.internal/app' };
  expect(shown('hunter 2 and hunter%202 at db.internal/app', environment)).toBe(
    '[redacted] and [redacted] at db.internal/app',
  );
  expect(shown('hunter2', { SQL_CONNECTION: 'Server=db;Password=hunter2;Encrypt=true' })).toBe('[redacted]');
});

test('a user that is called as its database is not hidden, so that a remedy can be read', () => {
  const remedy = 'create it with the SQL of postgresSchema() from axios-procore/stores/postgres';
  for (const url of ['postgres://postgres@db/app', 'postgres://postgres:postgres@db/app'])
    expect(shown(remedy, { DATABASE_URL: url })).toBe(remedy);
});

test('what is no secret stays', () => {
  const environment = {
    PROCORE_TOKEN_FILE: '/var/lib/app/procore.json',
    PROCORE_AUTH_URL: 'https://login.procore.com/oauth/token',
    USE_TOKENS: 'true',
    PATH: '/usr/bin',
    TOKEN_MODE: 'strict',
    PROCORE_CLIENT_SECRET: 'secret',
  };
  const text = 'strict true secret: /var/lib/app/procore.json, login.procore.com/oauth/token, /usr/bin';
  expect(
    redact(text, secretsIn(environment)).replace(
      /secret: \[redacted\]/,
      'secret: /var/lib/app/procore.json,',
    ),
  ).toBe(text);
});

test('the working directory, which every shell has in PWD, is no secret', () => {
  const environment = { PWD: '/srv/my-app', OLDPWD: '/srv/other', DB_PWD: 'hunter2' };
  expect(shown('/srv/my-app/tokens.json, /srv/other, hunter2', environment)).toBe(
    '/srv/my-app/tokens.json, /srv/other, [redacted]',
  );
});
