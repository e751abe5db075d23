import type { Refusal } from './log-types.js';
import { json, text, type TextReply } from './message.js';

const descriptions: Record<Refusal, string> = {
  missing: 'is invalid',
  unknown: 'is invalid',
  expired: 'expired',
  revoked: 'was revoked',
  replaced: 'was revoked',
};

/** A 401 as Procore's OAuth server gives it: the body is empty HTML, and only the `WWW-Authenticate` header names the reason. */
export function unauthorized(refusal: Refusal): TextReply {
  const challenge = `Bearer realm="Procore API", error="invalid_token", error_description="The access token ${descriptions[refusal]}"`;
  return {
    status: 401,
    headers: { 'content-type': 'text/html; charset=utf-8', 'www-authenticate': challenge },
    body: '',
  };
}

/** The answer to a call without the company header. */
export function companyHeaderMissing(): TextReply {
  return text(400, 'Missing Procore-Company-Id header! Add it with the ID of the company.');
}

/** The answer to a call that exceeds a limit. Procore's text names an hour for both limits. */
export function tooManyRequests(retryAfterSeconds?: number): TextReply {
  const message = 'You have surpassed the max number of requests for an hour. Please try again later.';
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return json(429, { message }, headers);
}
