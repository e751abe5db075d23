import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createEvents, type ProcoreEvents } from '../../../src/observe/events.js';
import { createLog } from '../../../src/observe/log.js';
import { redact } from '../../../src/text/redact.js';
import type { Logger } from '../../../src/options/options.js';

const logOf = (logger: Logger | undefined) => createLog(logger, () => 0);

function recorder(): Logger & { lines: [level: string, text: string][] } {
  const lines: [string, string][] = [];
  const at = (level: string) => (text: string) => void lines.push([level, text]);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const settled: ProcoreEvents['request-settled'] = {
  callId: 'a-1',
  account: 'default',
  host: 'api.procore.com',
  method: 'GET',
  path: '/x',
  attempts: 1,
  status: 200,
  waitedMs: 0,
  durationMs: 12,
};

test('a listener gets its own event until it stops listening', () => {
  const events = createEvents(logOf(recorder()));
  const heard: unknown[] = [];
  const stop = events.on('request-settled', (detail) => heard.push(detail));
  events.on('token-saved-late', (detail) => heard.push(detail));
  events.emit('request-settled', settled);
  stop();
  stop();
  events.emit('request-settled', settled);
  expect(heard).toEqual([settled]);
});

test('an event that there is not, and a listener that is none, are refused by name', () => {
  const events = createEvents(logOf(recorder()));
  expect(() => events.on('token-renewd' as never, () => undefined)).toThrow(
    /there is no event "token-renewd"; known are token-renewed, /,
  );
  expect(() => events.on('toString' as never, () => undefined)).toThrow(TypeError);
  expect(() => events.on('token-renewed', undefined as never)).toThrow(
    /on got nothing as listener; it takes a function/,
  );
});

test('a function that is registered twice is called once, and listeners are called in the order of their registration', () => {
  const events = createEvents(logOf(recorder()));
  const heard: string[] = [];
  const twice = () => void heard.push('twice');
  events.on('token-saved-late', twice);
  events.on('token-saved-late', () => heard.push('second'));
  events.on('token-saved-late', twice);
  events.emit('token-saved-late', { account: 'a' });
  expect(heard).toEqual(['twice', 'second']);
});

test('a listener that stops another, or adds one, while it hears, disturbs nobody', () => {
  const events = createEvents(logOf(recorder()));
  const heard: string[] = [];
  const stops: (() => void)[] = [];
  events.on('token-saved-late', () => {
    heard.push('first');
    stops[0]!();
    events.on('token-saved-late', () => heard.push('late'));
  });
  stops.push(events.on('token-saved-late', () => heard.push('second')));
  events.emit('token-saved-late', { account: 'a' });
  expect(heard).toEqual(['first', 'second']);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('the secret is 42');
    },
  ],
  ['rejects', (): unknown => Promise.reject(new Error('the secret is 42'))],
  [
    'rejects in another realm, as in jest',
    (): unknown => runInNewContext("Promise.reject(new Error('the secret is 42'))"),
  ],
])(
  'a listener that %s harms neither the caller nor the other listeners, and is logged without its words',
  async (_what, bad) => {
    const logger = recorder();
    const events = createEvents(logOf(logger));
    const heard: unknown[] = [];
    events.on('token-saved-late', bad);
    events.on('token-saved-late', (detail) => heard.push(detail));
    events.emit('token-saved-late', { account: 'a' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([{ account: 'a' }]);
    const warning = logger.lines.filter(([level]) => level === 'warn');
    expect(warning).toEqual([
      ['warn', 'axios-procore: a listener of "token-saved-late" failed (warning code="listener-failed")'],
    ]);
  },
);

test('a listener that fails at each call is logged once for its event, and is called all the same', () => {
  const logger = recorder();
  const events = createEvents(logOf(logger));
  const heard: string[] = [];
  for (const event of ['token-saved-late', 'token-adopted'] as const)
    events.on(event, () => {
      heard.push(event);
      throw new Error('x');
    });
  for (let call = 0; call < 3; call++) events.emit('token-saved-late', { account: 'a' });
  events.emit('token-adopted', { account: 'a', from: 'store' });
  expect(heard).toHaveLength(4);
  expect(logger.lines.filter(([level]) => level === 'warn')).toEqual([
    ['warn', expect.stringContaining('a listener of "token-saved-late" failed')],
    ['warn', expect.stringContaining('a listener of "token-adopted" failed')],
  ]);
});

test('a failing listener of warnings does not call itself for ever', () => {
  const logger = recorder();
  const events = createEvents(logOf(logger));
  let calls = 0;
  events.on('warning', () => {
    calls++;
    throw new Error('x');
  });
  events.warnOnce('legacy-refresh', '', 'm');
  expect(calls).toBe(1);
  expect(logger.lines).toHaveLength(2);
});

test('a warning is emitted once for each of its subjects', () => {
  const events = createEvents(logOf(recorder()));
  const heard: string[] = [];
  events.on('warning', ({ code, message }) => heard.push(`${code} ${message}`));
  events.warnOnce('unlisted-procore-host', 'a', 'about a');
  events.warnOnce('unlisted-procore-host', 'a', 'about a again');
  events.warnOnce('unlisted-procore-host', 'b', 'about b');
  events.warnOnce('lock-contract', 'a', 'about a');
  expect(heard).toEqual([
    'unlisted-procore-host about a',
    'unlisted-procore-host about b',
    'lock-contract about a',
  ]);
});

test('what a log has had from another attach it does not get again', () => {
  const logger = recorder();
  const logged = new Set<string>();
  const heard: string[] = [];
  for (const events of [createEvents(logOf(logger), logged), createEvents(logOf(logger), logged)]) {
    events.on('warning', ({ message }) => heard.push(message));
    events.warnOnce('unlisted-procore-host', 'a', 'about a');
  }
  expect(logger.lines).toHaveLength(1);
  expect(heard).toEqual(['about a', 'about a']);
});

const opaque = '76ba9d03cbd0e0a8e9a4b2f1c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6';

test.each([
  ['a JWT', 'got eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl back', 'got [redacted] back'],
  ['a JWT cut short', 'got eyJhbGciOiJFUzUxMiJ9.eyJzdWIi', 'got [redacted]'],
  ['a bearer', 'Authorization: Bearer abc.def-123456', 'Authorization: Bearer [redacted]'],
  ['basic credentials', 'Basic dXNlcjpwYXNzd29yZA==', 'Basic [redacted]'],
  [
    'a form',
    'grant_type=refresh_token&refresh_token=abc&client_secret=def',
    'grant_type=refresh_token&refresh_token=[redacted]&client_secret=[redacted]',
  ],
  ['JSON', '{"access_token":"abc","expires_in":5}', '{"access_token":"[redacted]","expires_in":5}'],
  [
    'a bare refresh token',
    `Key (token)=(${opaque}) already exists`,
    'Key (token)=([redacted]) already exists',
  ],
])('redact takes %s out of a text', (_what, text, shown) => {
  expect(redact(text)).toBe(shown);
});

test.each([
  'connect ECONNREFUSED 127.0.0.1:5432',
  'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI.',
  'relation "procore_tokens" does not exist',
  'duplicate key value violates unique constraint "integration_accounts_external_identifier_key"',
])('redact leaves a plain text as it is: %s', (text) => {
  expect(redact(text)).toBe(text);
});

test('an event that nobody is told of need not be made', () => {
  const silent = createEvents(logOf(undefined));
  expect(silent.isHeard('request-settled')).toBe(false);
  // These go to process.emitWarning where there is no logger.
  expect(silent.isHeard('warning')).toBe(true);
  const stop = silent.on('request-settled', () => undefined);
  expect(silent.isHeard('request-settled')).toBe(true);
  stop();
  expect(silent.isHeard('request-settled')).toBe(false);
  const log = () => undefined;
  expect(
    createEvents(logOf({ debug: log, info: log, warn: log, error: log })).isHeard('request-settled'),
  ).toBe(true);
});
