import { describe, expect, test } from 'vitest';
import {
  currentOf,
  isSettled,
  noPairs,
  type OwnLease,
  type Pairs,
} from '../../../../src/token/pair/pairs.js';
import { holdLoaded } from '../../../../src/token/pair/token-set.js';
import { noTrial } from '../../../../src/token/pair/freshness.js';

const nowMs = 1_800_000_000_000;
const clocks = { nowMs, serverOffsetMs: 0 };

const lease = (name: string, more: Partial<OwnLease> & { endsInMs?: number } = {}): OwnLease => {
  const { endsInMs = 3_600_000, ...shown } = more;
  const set = {
    access_token: `access-${name}`,
    refresh_token: `refresh-${name}`,
    expires_at: (nowMs + endsInMs) / 1000,
  };
  return {
    held: holdLoaded(set, { aheadMs: undefined, draw: 0 }),
    accepted: 1,
    aliveAtMs: undefined,
    trial: noTrial,
    refused: false,
    endedByItself: false,
    isJudged: false,
    owned: undefined,
    fingerprints: undefined,
    ...shown,
  };
};
const pairs = (some: Partial<Pairs>): Pairs => ({ ...noPairs(false), ...some });

describe('the lease that a call takes', () => {
  const [newest, older] = [lease('new'), lease('old')];
  test.each([
    ['there is none', {}, undefined],
    ['the newest one is in the store', { newest }, newest],
    ['the newest one is being saved, and the one before works', { newest, older, phase: 'saving' }, older],
    ['the save has failed, and the one before works', { newest, older, phase: 'unsaved' }, older],
    [
      'the newest one is being saved, and the one before has ended',
      { newest, older: lease('old', { endsInMs: -1 }), phase: 'saving' },
      undefined,
    ],
    [
      'the save has failed, and the one before has ended',
      { newest, older: lease('old', { endsInMs: -1 }), phase: 'unsaved' },
      newest,
    ],
    [
      'the save has failed, and a 401 has refused the one before',
      { newest, older: lease('old', { refused: true }), phase: 'unsaved' },
      newest,
    ],
  ] as const)('where %s', (_where, some: Partial<Pairs>, taken: OwnLease | undefined) => {
    expect(currentOf(pairs(some), clocks)).toBe(taken);
  });
});

describe('an account is settled', () => {
  const newest = lease('new');
  const { held } = lease('old');
  test.each([
    ['nothing was ever held', {}, true],
    ['the newest pair is in the store', { newest }, true],
    ['a call has used the pair that a renewal has brought', { newest, redeemed: held }, true],
    ['no call has used it yet', { newest: lease('new', { accepted: 0 }), redeemed: held }, false],
    ['it is being saved', { newest, phase: 'saving' }, false],
    ['it is in memory only', { newest, phase: 'unsaved' }, false],
    ['a person has brought it, and it is not saved', { newest, isBrought: true }, false],
    ['its row is gone', { newest, isGone: true }, false],
    ['another pair of ours gave way to it', { newest, fallback: held }, false],
    ['a 401 has refused it', { newest: lease('new', { refused: true }) }, false],
    ['tokens were revoked here', { newest, revoked: new Set(['one']) }, false],
  ] as const)('or not, where %s', (_where, some: Partial<Pairs>, is: boolean) => {
    expect(isSettled(pairs(some))).toBe(is);
  });
});
