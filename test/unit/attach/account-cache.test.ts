import { expect, test } from 'vitest';
import { createAccountCache, idleSweeps } from '../../../src/attach/account-cache.js';
import type { TokenSource } from '../../../src/token/source.js';
import { settled } from '../../support/manual-env.js';

/** One account at rest, whose store a test lets answer by hand. */
function setUp() {
  const answers: (() => void)[] = [];
  const made: TokenSource[] = [];
  const cache = createAccountCache({ mayLeave: () => true, longestIdle: () => 0, entered() {} });
  const create = () => {
    const source = {
      account: 'ann',
      holder: { set: undefined },
      disband() {},
      mayBeLetGo: () => true,
      isSafeInStore: () => new Promise<boolean>((resolve) => answers.push(() => resolve(true))),
      hasHeldOthers: () => false,
      leave() {},
    } as unknown as TokenSource;
    made.push(source);
    return { source, begin() {} };
  };
  return { cache, answers, made, source: () => cache.of('ann', create) };
}

test('a sweep that is overtaken by another does not let go the source that an account has been given since', async () => {
  const { cache, answers, made, source } = setUp();
  source();
  for (let sweep = 1; sweep < idleSweeps; sweep++) await cache.sweep();
  const sweeps = Promise.all([cache.sweep(), cache.sweep()]);
  answers[0]!();
  await settled();
  expect(cache.has('ann')).toBe(false);
  const second = source();
  answers[1]!();
  await sweeps;
  expect(source()).toBe(second);
  expect(made).toHaveLength(2);
});
