import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { keysOf } from '../../../../src/pacing/redis/keys.js';
import { pacingScript } from '../../../../src/pacing/redis/script.js';

test('the keys of a scope have one hash tag, and different scopes have different ones', () => {
  const tagOf = (key: string) => /\{([^{}]+)\}/.exec(key)![1];
  const scopes = ['', '%', '{', '}', '{}', '%7B', 'a{b}c', 'ü', '\ud800', '\ud801'];
  const tags = scopes.map((scope) => new Set(keysOf('p:', scope).map(tagOf)));
  for (const tag of tags) expect(tag.size).toBe(1);
  expect(new Set(tags.flatMap((tag) => [...tag])).size).toBe(scopes.length);
});

test('a script that has changed gets a new version in its keys, unless the one before understands what it keeps', () => {
  // Where this fails: raise `scriptVersion` in keys.ts if a process with the former script could misread the state, and note the hash here.
  const hash = createHash('sha256').update(pacingScript).digest('hex').slice(0, 16);
  expect([keysOf('', '')[0], hash]).toEqual(['pacing:1:{%}', 'bb8f27a3541cb590']);
});
