import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { withNewAuthorization } from '../../../../src/token/pair/authorization-line.js';
import { judgeKept } from '../../../../src/token/saving/read-back.js';

const saved: TokenSet = { access_token: 'access-new', refresh_token: 'refresh-new', created_at: 2_000 };
const old: TokenSet = { access_token: 'access-old', refresh_token: 'refresh-old', created_at: 1_000 };
const judge = (loaded: TokenSet | undefined, set = saved) =>
  judgeKept(set, loaded, (token) => token === 'refresh-old');

test.each<[string, TokenSet | undefined, string, RegExp]>([
  ['the set that was saved', saved, 'kept', /^$/],
  [
    'a newer pair of somebody else',
    { ...saved, access_token: 'x', refresh_token: 'y', created_at: 2_001 },
    'kept',
    /^$/,
  ],
  [
    'a log-in of the same second that was brought in its place',
    withNewAuthorization({ ...saved, access_token: 'x', refresh_token: 'y' }, [saved]),
    'kept',
    /^$/,
  ],
  ['nothing', undefined, 'perhaps-late', /^gave nothing$/],
  ['the pair before', old, 'perhaps-late', /the pair before, whose refresh token is spent/],
  [
    'a pair from nobody knows when',
    { access_token: 'x', refresh_token: 'y' },
    'perhaps-late',
    /another pair than/,
  ],
  [
    'the new access token with the old refresh token',
    { ...old, access_token: 'access-new' },
    'spoiled',
    /new access token with the refresh token of an older pair/,
  ],
  [
    'the new access token alone',
    { access_token: 'access-new' },
    'spoiled',
    /new access token without a refresh token/,
  ],
  [
    'an empty refresh token',
    { access_token: 'access-new', refresh_token: '' },
    'spoiled',
    /without a refresh token/,
  ],
  [
    'a refresh token that was cut',
    { ...saved, refresh_token: 'refresh' },
    'spoiled',
    /^gave the refresh token cut to 7 of its 11 characters$/,
  ],
  [
    'both cut',
    { ...saved, access_token: 'acc', refresh_token: 'ref' },
    'spoiled',
    /refresh token cut to 3 of its 11 characters/,
  ],
  [
    'an access token that was cut',
    { ...saved, access_token: 'access' },
    'spoiled',
    /^gave the access token cut to 6 of its 10 characters$/,
  ],
  [
    'an old set without a refresh token',
    { access_token: 'access-old' },
    'perhaps-late',
    /an older set, without a refresh token/,
  ],
])('a store that gives %s', (_what, loaded, kind, what) => {
  const kept = judge(loaded);
  expect(kept.kind).toBe(kind);
  expect('what' in kept ? kept.what : '').toMatch(what);
});

test('a set without a refresh token can be had anew: nothing is looked at', () => {
  expect(judge(undefined, { access_token: 'access-new' })).toEqual({ kind: 'kept' });
});
