import { expect, test } from 'vitest';
import { noPairs } from '../../../../src/token/pair/pairs.js';
import { Ledger } from '../../../../src/token/pair/ledger.js';
import { holdLoaded } from '../../../../src/token/pair/token-set.js';

const nowMs = 1_800_000_000_000;
const expires_at = nowMs / 1000 + 5400;

/** A pair of this user. */
function pairOf(user: number, refresh_token: string) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const access_token = `${part({ alg: 'none' })}.${part({ sub: String(user), jti: refresh_token })}.c2ln`;
  return holdLoaded({ access_token, refresh_token, expires_at }, { aheadMs: undefined, draw: 0 });
}

function create() {
  const never = () => false;
  return new Ledger({
    of: { pairs: noPairs(false) },
    now: () => nowMs,
    serverOffsetMs: () => 0,
    isRedeemed: never,
    isDead: never,
    isRenewable: () => true,
    before: undefined,
    onHold: () => undefined,
  });
}

test('while a pair is saved again that gave way to another user’s, calls wait and do not run as that user', () => {
  const ledger = create();
  ledger.kept(pairOf(1, 'r-1'));
  ledger.issued(pairOf(1, 'r-2'));
  ledger.gaveWay(pairOf(2, 'of somebody else'));
  ledger.takenBack();
  expect(ledger.current()).toBeUndefined();
  expect(ledger.mayBeAlive().map((set) => set.refresh_token)).toEqual(['r-2']);
  ledger.saveFailed();
  expect(ledger.current()?.held.refreshToken).toBe('r-2');
});

test('while the next pair of a user is saved, calls use the one before', () => {
  const ledger = create();
  ledger.kept(pairOf(1, 'r-1'));
  ledger.issued(pairOf(1, 'r-2'));
  expect(ledger.current()?.held.refreshToken).toBe('r-1');
});

test('of pairs that are not saved, somebody else may have what this process has redeemed nothing for, and what was brought is presented first', () => {
  const ledger = create();
  ledger.kept(pairOf(1, 'r-1'));
  ledger.issued(pairOf(1, 'r-2'), true);
  expect(ledger.mayBeElsewhere).toBe(false);
  ledger.issued(pairOf(1, 'r-3'));
  expect(ledger.mayBeElsewhere).toBe(true);
  ledger.saved();
  expect(ledger.mayBeElsewhere).toBe(false);
  ledger.brought(pairOf(1, 'r-4'));
  ledger.issued(pairOf(1, 'r-5'));
  expect(ledger.mayBeElsewhere).toBe(false);
});
