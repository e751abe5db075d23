import type { WaitReason } from '../slots.js';

/** What calls wait for, in words. */
export const waitNames: Readonly<Record<WaitReason, { readonly short: string; readonly long: string }>> = {
  token: { short: 'Token', long: 'A token: it was being renewed, or read from the store' },
  'rate-limit': { short: 'Rate limit', long: 'The rate limit: the next window, or the end of a 429' },
  unavailable: { short: 'Unavailable', long: 'The server: it refused calls for a time (503)' },
  retry: { short: 'Retry', long: 'A retry: the time between two attempts after a failure' },
};
