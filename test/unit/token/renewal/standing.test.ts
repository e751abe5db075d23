import { describe, expect, test } from 'vitest';
import {
  ClientRejectedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
} from '../../../../src/failure/errors.js';
import {
  afterRenewalFailure,
  mayRenewInBackground,
  noVerdicts,
  objection,
  type Verdicts,
} from '../../../../src/token/renewal/standing.js';

const nowMs = 1_800_000_000_000;
const deadError = new ReauthenticationRequiredError('dead', { reason: 'refresh-token-invalid' });
const renewalError = new TokenRenewalError('undecided');
const storeError = new TokenStoreError('store');
const after = (
  failure: Omit<Parameters<typeof afterRenewalFailure>[1], 'kind'>,
  verdicts: Verdicts = noVerdicts,
  atMs = nowMs,
) => afterRenewalFailure(verdicts, { kind: 'failed', ...failure }, atMs, 0);

test('nothing stands against the first renewal', () => {
  expect(objection(noVerdicts, 'automatic', 0)).toBeUndefined();
  expect(mayRenewInBackground(noVerdicts, 0)).toBe(true);
});

describe('a dead refresh token', () => {
  const { verdicts, error } = after({ verdict: 'dead', error: deadError });

  test('fails the next calls with the same error', () => {
    expect(error).toBe(deadError);
    expect(objection(verdicts, 'automatic', nowMs)).toBe(deadError);
    expect(objection(verdicts, 'asked', nowMs + 999)).toBe(deadError);
  });

  test('is looked at again after a second: the store may hold another', () => {
    expect(objection(verdicts, 'automatic', nowMs + 1_000)).toBeUndefined();
    expect(mayRenewInBackground(verdicts, nowMs + 999)).toBe(false);
    expect(mayRenewInBackground(verdicts, nowMs + 1_000)).toBe(true);
  });
});

test('a client that is set up wrongly is not tried again for a minute, not even when asked', () => {
  const error = new ClientRejectedError('rejected');
  const { verdicts } = after({ verdict: 'rejected', error });
  expect(objection(verdicts, 'asked', nowMs + 59_999)).toBe(error);
  expect(objection(verdicts, 'automatic', nowMs + 60_000)).toBeUndefined();
});

describe('a renewal without a verdict', () => {
  const { verdicts, error } = after({ verdict: 'undecided', error: renewalError });

  test('says on its error when the next one may start', () => {
    expect((error as TokenRenewalError).retryAt).toEqual(new Date(nowMs + 5_000));
    expect(error.code).toBe('ERR_PROCORE_TOKEN_RENEWAL_FAILED');
    expect(objection(verdicts, 'automatic', nowMs + 4_999)).toBe(error);
    expect(objection(verdicts, 'automatic', nowMs + 5_000)).toBeUndefined();
    expect(mayRenewInBackground(verdicts, nowMs + 4_999)).toBe(false);
  });

  test('does not hold up one that the application asks for', () => {
    expect(objection(verdicts, 'asked', nowMs)).toBeUndefined();
  });

  test('makes the next one wait twice as long', () => {
    const twice = after({ verdict: 'undecided', error: renewalError }, verdicts, nowMs + 5_000);
    expect((twice.error as TokenRenewalError).retryAt).toEqual(new Date(nowMs + 15_000));
  });

  test('waits as long as the server said', () => {
    const told = after({ verdict: 'undecided', error: renewalError, retryAtMs: nowMs + 60_000 });
    expect(objection(told.verdicts, 'automatic', nowMs + 59_999)).toBe(told.error);
    expect((told.error as TokenRenewalError).retryAt).toEqual(new Date(nowMs + 60_000));
  });
});

describe.each(['store', 'garbage'] as const)('a store that failed (%s)', (verdict) => {
  const { verdicts, error } = after({ verdict, error: storeError });

  test('is left alone by the background for a while', () => {
    expect(mayRenewInBackground(verdicts, nowMs + 4_999)).toBe(false);
    expect(mayRenewInBackground(verdicts, nowMs + 5_000)).toBe(true);
  });

  test('is asked by whoever waits', () => {
    expect(error).toBe(storeError);
    expect(objection(verdicts, 'automatic', nowMs)).toBeUndefined();
  });

  test('keeps what was known before', () => {
    const dead = after({ verdict: 'dead', error: deadError }).verdicts;
    expect(after({ verdict, error: storeError }, dead).verdicts.dead?.error).toBe(deadError);
  });
});

test('verdicts are values: what came before is not changed', () => {
  const before = Object.freeze({ ...noVerdicts });
  after({ verdict: 'dead', error: deadError }, before);
  after({ verdict: 'undecided', error: renewalError }, before);
  expect(before).toEqual(noVerdicts);
});
