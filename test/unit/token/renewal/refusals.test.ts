import { expect, test } from 'vitest';
import { Ledger } from '../../../../src/token/pair/ledger.js';
import { noPairs, noteAnswer } from '../../../../src/token/pair/pairs.js';
import { holdLoaded } from '../../../../src/token/pair/token-set.js';
import { createRefusals, notReplacing } from '../../../../src/token/renewal/refusals.js';
import type { RunningRenewal } from '../../../../src/token/renewal/renewal.js';
import type { Sequence } from '../../../../src/token/renewal/sequence.js';
import { noBackoff } from '../../../../src/time/backoff.js';
import { createManualEnv } from '../../../support/manual-env.js';

const bounds = { maxMs: 1_000, signal: undefined, mayRenew: true };

/** An account with one pair, whose renewals never end, and whose calls do not wait for them. */
function createScene() {
  const env = createManualEnv();
  const ledger = new Ledger({
    now: () => env.now(),
    serverOffsetMs: () => 0,
    isRedeemed: () => false,
    isDead: () => false,
    isRenewable: () => true,
    before: undefined,
    onHold: () => undefined,
    of: { pairs: noPairs(false) },
  });
  const run = { posted: false, done: new Promise(() => {}) } as unknown as RunningRenewal;
  const sequence = {
    running: undefined as RunningRenewal | undefined,
    working: () => undefined,
    objection: () => undefined,
    start: () => (sequence.running = run),
    waitFor: () => Promise.resolve({ kind: 'aborted' }),
  };
  const server = { invalidatesOld: false, foundInvalidating: () => void (server.invalidatesOld = true) };
  const { refused } = createRefusals({
    env,
    ledger,
    sequence: sequence as unknown as Sequence,
    brakes: { brake: noBackoff, replacing: notReplacing },
    server,
    flight: { hold: undefined },
    isPaused: () => false,
    look: () => Promise.resolve(false),
    tellShared: undefined,
  });
  const set = { access_token: 'a', refresh_token: 'r' };
  const lease = ledger.kept(holdLoaded(set, { aheadMs: undefined, draw: 0 }));
  return { env, ledger, run, begin: sequence.start, server, refused, lease };
}

test('a token that is refused only after the grant was presented has been invalidated by that', async () => {
  const { run, begin, server, refused, lease } = createScene();
  begin();
  run.posted = true;
  await refused(lease, 'token', bounds);
  expect(server.invalidatesOld).toBe(true);
});

test.each([200, 429, 503])(
  'a token that was refused before its renewal began has not been invalidated by that, also where a call with it is answered %d meanwhile',
  async (status) => {
    const { env, run, server, refused, lease } = createScene();
    await refused(lease, 'token', bounds);
    noteAnswer(lease, status, env.now());
    run.posted = true;
    await refused(lease, 'token', bounds);
    expect(server.invalidatesOld).toBe(false);
  },
);

test('a token that the account has forgotten has not been invalidated by a renewal, also where a call with it is turned away meanwhile', async () => {
  const { env, ledger, server, refused, lease } = createScene();
  ledger.cleared();
  noteAnswer(lease, 429, env.now());
  await refused(lease, 'token', { ...bounds, mayRenew: false });
  expect(server.invalidatesOld).toBe(false);
});
