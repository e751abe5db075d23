import { expect, test } from 'vitest';
import { createAuthorize } from '../../../src/line/authorize.js';
import type { CallEvents } from '../../../src/line/call-events.js';
import type { Call } from '../../../src/line/call.js';
import { noHistory } from '../../../src/line/history.js';
import type { Lease } from '../../../src/token/pair/pairs.js';
import type { TokenSource } from '../../../src/token/source.js';
import { createManualEnv } from '../../support/manual-env.js';

const never = { signal: undefined, interruption: () => undefined, interrupted: undefined, release: () => {} };

test('a bearer of another user is not replaced where tokens come the moment after a look into the store that showed none', async () => {
  const lease = {} as Lease;
  let holds = false;
  const source: Partial<TokenSource> = {
    hasAccessToken: () => holds,
    owns: () => false,
    peek: () => (holds ? lease : undefined),
    look: async () => {
      holds = true;
      return false;
    },
  };
  const warnings: string[] = [];
  const callEvents = { waits: () => {}, goesOn: () => {} };
  const authorize = createAuthorize({
    env: createManualEnv(),
    enter: () => undefined,
    warnOnce: (code) => warnings.push(code),
    callEvents: callEvents as unknown as CallEvents,
    takesOver: false,
    isByUser: false,
    isInUse: () => holds,
  });
  const call = {
    request: { config: {}, bearer: 'a-bob', isNamed: false },
    terms: { cancellation: never, deadlineAtMs: Infinity, timeoutAtMs: Infinity, maxWaitMs: 60_000 },
    attempt: undefined,
    history: noHistory,
  } as unknown as Call;
  expect(await authorize(call, source as TokenSource)).toBeUndefined();
  expect(warnings).toEqual(['another-user']);
});
