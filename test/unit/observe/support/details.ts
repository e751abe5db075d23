import type { ProcoreEvents } from '../../../../src/observe/events.js';
import type { Told } from '../../../../src/observe/log-level.js';

const call = {
  callId: 'k3v09x2m-17',
  account: 'default',
  host: 'api.procore.com',
  method: 'GET',
  path: '/rest/v1.0/me',
};
const until = new Date('2026-05-01T12:00:00Z');

/** Each event as it may be, with everything that it may tell. */
const details: ProcoreEvents = {
  'token-renewed': { account: 'default', accessToken: 'ab12cd34', expiresAt: until, unsaved: false },
  'token-adopted': { account: 'default', accessToken: 'ab12cd34', expiresAt: until, from: 'store' },
  'token-renewal-failed': {
    account: 'default',
    code: 'ERR_PROCORE_TOKEN_RENEWAL',
    message: 'No tokens.',
    retryAt: until,
  },
  'token-save-failed': { account: 'default', message: 'store.save() failed (42P01)', cause: new Error('x') },
  'token-saved-late': { account: 'default' },
  'reauthentication-required': { account: 'default', reason: 'no-tokens', message: 'Log in.' },
  'request-waiting': { ...call, reason: 'rate-limit', until, before: 14, attempt: 1 },
  'request-retried': {
    ...call,
    reason: 'failure',
    attempt: 2,
    status: 503,
    requestId: 'r-1',
    kind: 'unavailable',
    hasCompanyId: true,
    waitedMs: 0,
    durationMs: 812,
  },
  'request-settled': {
    ...call,
    attempts: 1,
    status: 200,
    requestId: 'r-1',
    hasCompanyId: true,
    waitedMs: 0,
    durationMs: 812,
    limit: 3600,
    remaining: 3599,
  },
  'pacing-together': { aloneMs: 812 },
  warning: { code: 'legacy-refresh', message: 'A message' },
};

/** An event with its details; `more` replaces some of them. */
export function detailOf<E extends keyof ProcoreEvents>(event: E, more: object = {}): Told {
  return { event, detail: { ...details[event], ...more } } as Told;
}

export const eventNames = Object.keys(details) as (keyof ProcoreEvents)[];
