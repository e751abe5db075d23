import { expect, test } from 'vitest';
import type { Ledger } from '../../../../src/token/pair/ledger.js';
import type { Lease } from '../../../../src/token/pair/pairs.js';
import { memoryTokenStore } from '../../../../src/store/memory.js';
import { createGrantRegistry } from '../../../../src/token/grant/registry.js';
import { createApplicationRequests } from '../../../../src/token/authorization/application-requests.js';
import { createManualEnv } from '../../../support/manual-env.js';

function leaseOf(user: string): Lease {
  const set = { access_token: `access of ${user}`, refresh_token: `refresh of ${user}` };
  return { held: { set, refreshToken: set.refresh_token, evidence: [] as unknown } } as Lease;
}

/** The token requests of an account; `hand`: what it holds, `acquired`: called when a lease is handed over. */
function setUp(hand: { newest: Lease; current: Lease }, acquired: () => void) {
  let times = 0;
  const ledger = {
    get newest() {
      return hand.newest;
    },
    current: () => hand.current,
    isOfSameUser: (token: string) => token === hand.newest.held.refreshToken,
  } as Ledger;
  return createApplicationRequests({
    env: createManualEnv(),
    ledger,
    grants: createGrantRegistry({}).of(memoryTokenStore(), {
      client: 'client',
      isPrivate: true,
      replaces: undefined,
    }),
    serverOffsetMs: () => 0,
    leases: {
      async acquire() {
        if (++times > 10) throw new Error('asked for ever');
        const lease = hand.current;
        acquired();
        return { kind: 'lease', lease };
      },
      replace: () => Promise.reject(new Error('they are young')),
    },
    recognise: async () => undefined,
    offer: () => Promise.reject(new Error('they work')),
  });
}

const patience = { maxMs: 1_000, signal: undefined };

test('a token request is not answered with tokens that were replaced in the moment in which they were handed over', async () => {
  const [ann, bob] = [leaseOf('ann'), leaseOf('bob')];
  const hand = { newest: bob, current: bob };
  const { answerApplication } = setUp(hand, () => (hand.newest = hand.current = ann));
  expect(await answerApplication('refresh of ann', patience)).toEqual({ kind: 'lease', lease: ann });
});

test('a token request is answered with the tokens in use while those that follow them are not saved', async () => {
  const [before, unsaved] = [leaseOf('ann before'), leaseOf('ann')];
  const { answerApplication } = setUp({ newest: unsaved, current: before }, () => undefined);
  expect(await answerApplication('refresh of ann', patience)).toEqual({ kind: 'lease', lease: before });
});
