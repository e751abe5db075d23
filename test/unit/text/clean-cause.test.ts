import { DatabaseError } from 'pg';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import * as errors from '../../../src/failure/errors.js';
import { cleanCause } from '../../../src/text/clean-cause.js';
import { shown } from '../../support/shown.js';

const token = '76ba2f0d9c1e4b7a8d3f6e5c4b3a291876ba2f0d9c1e4b7a8d3f6e5c4b3a2918';
const short = 'rt-4711';

function fromPostgres(): Error {
  const error = new DatabaseError('duplicate key value violates unique constraint "tokens_pkey"', 1, 'error');
  return Object.assign(error, {
    ...{ severity: 'ERROR', code: '23505', table: 'tokens', constraint: 'tokens_pkey' },
    detail: `Failing row contains (default, ${token}).`,
    where: `SQL statement "UPDATE tokens SET refresh_token = '${token}'"`,
    query: `UPDATE tokens SET refresh_token = '${token}'`,
    parameters: ['default', token],
  });
}

function fromRedis(): Error {
  const error = new Error(`WRONGTYPE Operation against a key (refresh_token: '${short}')`);
  return Object.assign(error, { name: 'ReplyError', command: { name: 'set', args: ['k', token, short] } });
}

function inACircle(): Error {
  const error = new Error(`save failed: {"refresh_token":"${short}"}`);
  return Object.assign(error, { cause: error, self: error, client: { options: { password: token } } });
}

class Guarded extends Error {
  override readonly name = 'Guarded';
  get code(): string {
    throw new Error(token);
  }
  get detail(): string {
    throw new Error(token);
  }
  toJSON(): unknown {
    return { token };
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return token;
  }
}

const unreadable = new Proxy(
  {},
  {
    get() {
      throw new Error(token);
    },
  },
);

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const thrown: [what: string, cause: unknown, says: string | undefined][] = [
  ['an error of PostgreSQL', fromPostgres(), '23505'],
  ['an error of Redis', fromRedis(), 'WRONGTYPE'],
  ['a wrapped one', new Error('save failed', { cause: fromPostgres() }), '23505'],
  ['several at once', new AggregateError([fromPostgres(), fromRedis()], 'all failed'), 'WRONGTYPE'],
  ['an error in a circle', inACircle(), 'save failed'],
  ['an error that cannot be read', new Guarded('guarded'), 'guarded'],
  ['what cannot be read at all', unreadable, undefined],
  ['a Proxy that is revoked', revoked.proxy, undefined],
  [
    'an error over a Proxy that is revoked',
    Object.assign(new Error(token), { errors: revoked.proxy }),
    undefined,
  ],
  ['an object', { message: 'no connection', token, password: token }, 'no connection'],
  ['an object without a word', { token }, undefined],
  ['a text', `no row for refresh_token=${token}`, 'no row for'],
  ['a function', () => token, undefined],
  ['a symbol', Symbol(token), undefined],
  ['a connection string', new Error(`connect postgres://app:${short}@db:5432/x failed`), 'connect'],
];

const classes = [
  ['TokenStoreError', errors.TokenStoreError],
  ['TokenRenewalError', errors.TokenRenewalError],
  ['ClientRejectedError', errors.ClientRejectedError],
  ['RateLimitedError', errors.RateLimitedError],
] as const;

const cases = classes.flatMap(([name, Kind]) =>
  thrown.map(([what, cause, says]) => ({ name, what, make: () => new Kind('s', { cause }), says })),
);

test.each(cases)(
  'a $name caused by $what shows no secret, however it is printed or copied',
  ({ make, says }) => {
    const error = make();
    const all: Record<string, string> = {
      ...shown(error),
      itself: inspect(error.cause, { depth: 20, showHidden: true }),
    };
    for (const [way, text] of Object.entries(all)) {
      for (const secret of [token, short]) expect(text.includes(secret) ? way : '').toBe('');
    }
    expect(structuredClone({ cause: error.cause })).toBeDefined();
    expect(JSON.stringify({ cause: error.cause })).toBeDefined();
    expect(all['util.inspect as it is']).toContain(says ?? error.message);
  },
);

test('name, code, message and stack of a cause are kept, and the place in a table', () => {
  const cause = cleanCause(fromPostgres()) as Error & Record<string, unknown>;
  expect(cause).toMatchObject({
    ...{ name: 'error', message: 'duplicate key value violates unique constraint "tokens_pkey"' },
    ...{ code: '23505', severity: 'ERROR', table: 'tokens', constraint: 'tokens_pkey' },
  });
  expect(cause.stack).toContain('clean-cause.test.ts');
  expect(cause).toBeInstanceOf(Error);
});

test('a system error keeps what it was about', () => {
  const system = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
    ...{ errno: -111, code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 5432 },
  });
  const { cause } = cleanCause(new Error('no store', { cause: system })) as { cause: unknown };
  expect(cause).toMatchObject({ errno: -111, code: 'ECONNREFUSED', address: '127.0.0.1', port: 5432 });
});

test('secrets that look like none are taken out where they are known', () => {
  const cause = cleanCause(new Error(`could not write ${short}`), [short]) as Error;
  expect(`${cause.message} ${cause.stack}`).not.toContain(short);
});

test.each([undefined, null, 5, true])('a cause that is %s stays what it is', (value) => {
  expect(cleanCause(value)).toBe(value);
});

test('what is clean is not cleaned again', () => {
  const cause = cleanCause(new Error('x'));
  expect(cleanCause(cause)).toBe(cause);
});
