import { describe, expect, test } from 'vitest';
import { environments } from '../../../../src/wire/environments.js';
import type { TokenSet } from '../../../../src/store/store.js';
import { foreignIssuer, withIssuer } from '../../../../src/token/pair/issuer.js';

const production = environments.production.loginUrl;
const sandbox = environments['developer-sandbox'].loginUrl;
const proxy = 'https://login.proxy.internal';

const jwt = (claims: object) =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
const issuedBy = (iss: unknown): TokenSet => ({ access_token: jwt({ iss }), refresh_token: 'r' });
const opaque: TokenSet = { access_token: 'a', refresh_token: 'r' };

describe('the pair of another environment', () => {
  test.each([
    ['by its JWT', issuedBy(sandbox), production, [], sandbox],
    ['by its JWT, with a path', issuedBy(`${sandbox}/oauth`), production, [], sandbox],
    ['by the API of its environment', issuedBy('https://sandbox.procore.com'), production, [], sandbox],
    ['by the field of a save', withIssuer(opaque, sandbox), production, [], sandbox],
    [
      'by a host that is in use beside it',
      issuedBy('http://127.0.0.1:1'),
      'http://127.0.0.1:2',
      ['http://127.0.0.1:1'],
      'http://127.0.0.1:1',
    ],
  ] as const)('is known %s', (_how, set, own, inUse, expected) => {
    expect(foreignIssuer(set, own, () => inUse)).toBe(expected);
  });

  test.each([
    ['of its own', issuedBy(production), production, [sandbox]],
    ['of its own, under an older name', issuedBy('https://app.procore.com'), production, []],
    ['saved for its own', withIssuer(opaque, production), production, [sandbox]],
    ['that tells nothing', opaque, production, [sandbox]],
    ['whose issuer is no URL', issuedBy('procore'), production, [sandbox]],
    ['whose issuer is a number', issuedBy(7), production, [sandbox]],
    ["of Procore's own, behind a proxy", issuedBy(production), proxy, []],
    [
      'that was saved before a host was given a new name',
      withIssuer(opaque, 'https://old.internal'),
      proxy,
      [],
    ],
    [
      'merged by the application into a record of another',
      { ...withIssuer(opaque, sandbox), refresh_token: 'new' },
      production,
      [],
    ],
    ['with a broken field', { ...opaque, issued_by: sandbox }, production, []],
  ] as const)('is not one %s', (_what, set, own, inUse) => {
    expect(foreignIssuer(set, own, () => inUse)).toBeUndefined();
  });
});

describe('a save', () => {
  test('adds no field where the access token tells who issued it, and takes an old one away', () => {
    expect(withIssuer(issuedBy(sandbox), sandbox)).toEqual(issuedBy(sandbox));
    expect(withIssuer({ ...issuedBy(sandbox), issued_by: ['x', 'y'] }, sandbox)).toEqual(issuedBy(sandbox));
  });

  test('adds the login host, and of which token it speaks, without a token', () => {
    const saved = withIssuer({ access_token: 'secret-access', refresh_token: 'secret-refresh' }, sandbox);
    expect(saved['issued_by']).toEqual([sandbox, expect.stringMatching(/^[0-9a-f]{16}$/)]);
  });
});
