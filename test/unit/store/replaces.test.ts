import { expect, test } from 'vitest';
import { obstacleTo } from '../../../src/store/replaces.js';
import type { TokenSet } from '../../../src/store/store.js';

const pair = (n: number): TokenSet => ({ access_token: `access-${n}`, refresh_token: `refresh-${n}` });
const single = (n: number): TokenSet => ({ access_token: `access-${n}` });

test.each<[string, TokenSet | undefined, TokenSet | undefined, TokenSet, string | undefined]>([
  ['a first save', undefined, undefined, pair(1), undefined],
  ['the set before', pair(1), pair(1), pair(2), undefined],
  ['the set before, whose other fields have changed', { ...pair(1), note: 'x' }, pair(1), pair(2), undefined],
  ['the same set, saved without knowing it', pair(2), pair(1), pair(2), undefined],
  ['the same set, and none was expected', pair(2), undefined, pair(2), undefined],
  ['another set', pair(3), pair(1), pair(2), 'another'],
  ['a set where none was expected', pair(1), undefined, pair(2), 'another'],
  ['a deleted row', undefined, pair(1), pair(2), 'gone'],
  ['a deleted row without a refresh token', undefined, single(1), single(2), 'gone'],
  ['sets without a refresh token', single(1), single(1), single(2), undefined],
  [
    'an empty refresh token, which is none',
    { ...single(1), refresh_token: '' },
    single(1),
    pair(2),
    undefined,
  ],
  ['a set without a refresh token where one was expected', single(1), pair(1), pair(2), 'another'],
])('what a save meets: %s', (_, stored, previous, tokens, obstacle) => {
  expect(obstacleTo(tokens, stored, previous)).toBe(obstacle);
});
