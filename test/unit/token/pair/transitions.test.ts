import { describe, expect, test } from 'vitest';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import { mayBeAlive, noPairs, type Pairs } from '../../../../src/token/pair/pairs.js';
import { holdLoaded } from '../../../../src/token/pair/token-set.js';
import {
  brought,
  changed,
  cleared,
  dismissed,
  gaveWay,
  issued,
  kept,
  lost,
  overwritten,
  refused,
  revived,
  revoked,
  saved,
  saveFailed,
  seen,
  takenBack,
} from '../../../../src/token/pair/transitions.js';

const nowMs = 1_800_000_000_000;
const now = { nowMs, serverOffsetMs: 0, isRenewable: true, before: undefined };

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A pair of this user; without one, of nobody that its token would name. */
const pair = (name: string, user?: number) =>
  holdLoaded(
    {
      access_token: user === undefined ? `a-${name}` : `${part({})}.${part({ sub: user, jti: name })}.x`,
      refresh_token: name,
      expires_at: nowMs / 1000 + 5400,
    },
    { aheadMs: undefined, draw: 0 },
  );
const [one, two, three, ofOther] = [pair('1', 1), pair('2', 1), pair('3', 1), pair('4', 2)];

/** What a table compares: the refresh tokens in place of the pairs. */
function shown(pairs: Pairs) {
  const names = ['1', '2', '3', '4'];
  const known = (set: ReadonlySet<string>) => names.filter((name) => set.has(fingerprint(name))).join();
  return {
    newest: pairs.newest?.held.refreshToken,
    older: pairs.older?.held.refreshToken,
    stored: pairs.stored?.refresh_token,
    fallback: pairs.fallback?.refreshToken,
    redeemed: pairs.redeemed?.refreshToken,
    phase: pairs.phase,
    isBrought: pairs.isBrought,
    isGone: pairs.isGone,
    replaced: known(pairs.replaced),
    outdated: known(pairs.outdated),
    revoked: known(pairs.revoked),
    user: pairs.user,
  };
}

const empty = noPairs(false);
const first = kept(empty, one, now);
const saving = issued(first, two, now, true);
const unsaved = saveFailed(saving);
const yielded = gaveWay(unsaved, ofOther, now);
const handedOver = brought(first, two, now);

type Row = [what: string, after: Pairs, expected: Partial<ReturnType<typeof shown>>];

describe('what happens to the pairs of an account', () => {
  test.each<Row>([
    ['a pair of the store is kept', first, { newest: '1', stored: '1', phase: 'kept', replaced: '' }],
    [
      'another pair of the store takes its place',
      kept(first, two, now),
      { newest: '2', stored: '2', replaced: '1', outdated: '1', user: 0 },
    ],
    [
      'a renewed pair is being saved, and calls go on with the one before',
      saving,
      { newest: '2', older: '1', stored: '1', redeemed: '1', phase: 'saving', outdated: '1' },
    ],
    ['the save has succeeded', saved(saving), { newest: '2', older: undefined, stored: '2', phase: 'kept' }],
    ['the save has failed', unsaved, { newest: '2', older: '1', stored: '1', phase: 'unsaved' }],
    ['a save that fails when nothing is being saved changes nothing', saveFailed(first), { phase: 'kept' }],
    [
      'the next pair is issued while one is unsaved: calls go on with the one that is saved',
      issued(unsaved, three, now, true),
      { newest: '3', older: '1', redeemed: '2', phase: 'saving', outdated: '1,2' },
    ],
    [
      'an unsaved pair gives way to the store’s, which is not said to be its renewal',
      gaveWay(unsaved, three, now),
      { newest: '3', stored: '3', fallback: '2', phase: 'kept', replaced: '1,2', outdated: '1' },
    ],
    [
      'it is taken back from another user, whose pair is neither used nor its predecessor',
      takenBack(yielded, now),
      { newest: '2', older: undefined, redeemed: undefined, fallback: undefined, phase: 'saving' },
    ],
    ['nothing gave way, and nothing is taken back', takenBack(first, now), { newest: '1', phase: 'kept' }],
    [
      'another user’s pair takes the place of a pair, which stays good where it is kept',
      changed(first, ofOther, now),
      { newest: '4', stored: '4', fallback: undefined, replaced: '', outdated: '', user: 1 },
    ],
    [
      'the application brings a pair',
      handedOver,
      { newest: '2', older: undefined, stored: '1', phase: 'saving', isBrought: true, outdated: '' },
    ],
    [
      'it brings one that was replaced, and revoked',
      brought(revoked(kept(first, two, now), one.set), one, now),
      { newest: '1', replaced: '2', outdated: '', revoked: '' },
    ],
    ['what was brought is saved', saved(handedOver), { stored: '2', phase: 'kept', isBrought: false }],
    [
      'something was saved over it',
      overwritten(saved(handedOver), three.set),
      { newest: '2', stored: '3', phase: 'unsaved', isBrought: true },
    ],
    ['the row is gone', lost(first), { newest: '1', isGone: true }],
    ['the row is back', seen(lost(first), one.set), { stored: '1', isGone: false }],
    ['a set is dismissed', dismissed(first, two.set), { newest: '1', replaced: '2', outdated: '' }],
    ['a set is revived', revived(kept(first, two, now), one.set), { replaced: '', outdated: '' }],
    ['a set is revoked', revoked(first, two.set), { newest: '1', revoked: '2', replaced: '2' }],
    [
      'nothing is held any more',
      cleared(unsaved),
      { newest: undefined, older: undefined, stored: undefined, redeemed: undefined, phase: 'kept', user: 1 },
    ],
  ])('%s', (_, after, expected) => {
    expect(shown(after)).toMatchObject(expected);
  });

  test('the pairs before are as they were', () => {
    expect(shown(empty)).toMatchObject({ newest: undefined, replaced: '', user: 0 });
    expect(shown(first)).toMatchObject({ newest: '1', stored: '1', replaced: '', phase: 'kept' });
    expect(shown(unsaved)).toMatchObject({ newest: '2', phase: 'unsaved', outdated: '1' });
  });

  test('a refused access token is remembered, and its pair is held on', () => {
    const after = refused(first, first.newest!);
    expect(after.refused.has(fingerprint(one.accessToken!))).toBe(true);
    expect(after.newest).toBe(first.newest);
  });

  test('an account that has come back knows whether another pair than that of before is in the store', () => {
    const back = { ...now, before: { set: undefined, isWith: (name: string) => name === fingerprint('1') } };
    expect(kept(noPairs(true), one, back).hasMovedOn).toBe(false);
    const movedOn = kept(noPairs(true), two, back);
    expect(movedOn.hasMovedOn).toBe(true);
    expect(brought(movedOn, one, back).hasMovedOn).toBe(false);
  });

  test('no more than a thousand tokens are remembered', () => {
    let pairs = first;
    for (let n = 0; n < 1_010; n++) pairs = dismissed(pairs, { access_token: `x-${n}` });
    expect(pairs.replaced.size).toBe(1_000);
    expect(pairs.replaced.has(fingerprint('x-9'))).toBe(false);
    expect(pairs.replaced.has(fingerprint('x-10'))).toBe(true);
  });
});

describe('the sets whose tokens the server may still accept', () => {
  const alive = (pairs: Pairs) => mayBeAlive(pairs).map((set) => set.refresh_token);
  const used = (pairs: Pairs): Pairs => ({ ...pairs, newest: { ...pairs.newest!, accepted: 1 } });
  test.each<[string, Pairs, string[]]>([
    ['nothing is held', empty, []],
    ['one pair is in the store', first, ['1']],
    ['the next one has not been used', saved(saving), ['1', '2']],
    ['it has been used', used(saved(saving)), ['2']],
    ['it is unsaved, and calls go on with the one before', used(unsaved), ['1', '2']],
    ['an unsaved one gave way', yielded, ['2', '4']],
  ])('%s', (_, pairs, expected) => {
    expect(alive(pairs).sort()).toEqual(expected);
  });
});
