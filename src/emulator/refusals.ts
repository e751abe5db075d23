import type { Refusal } from './log-types.js';
import { json, text, type Reply } from './message.js';

const descriptions: Record<Refusal, string> = {
  missing: 'is invalid',
  unknown: 'is invalid',
  expired: 'expired',
  revoked: 'was revoked',
  replaced: 'was revoked',
};

/** Like Procore's OAuth server: an empty HTML page; the reason is in the challenge only. */
export function unauthorized(refusal: Refusal): Reply {
  const challenge = `Bearer realm="Procore API", error="invalid_token", error_description="The access token ${descriptions[refusal]}"`;
  return {
    status: 401,
    headers: { 'content-type': 'text/html; charset=utf-8', 'www-authenticate': challenge },
    body: '',
  };
}

/** The answer to a call that names no company. */
export function companyHeaderMissing(): Reply {
  return text(400, 'Missing Procore-Company-Id header! Add it with the ID of the company.');
}

/** One call too many. Procore's text speaks of an hour whichever limit it was. */
export function tooManyRequests(retryAfterSeconds?: number): Reply {
  const message = 'You have surpassed the max number of requests for an hour. Please try again later.';
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return json(429, { message }, headers);
}
