import { permissionsMatrix, type ProblemKind } from './catalogue.js';
import type { ProblemReason } from './reasons.js';

// What only docs/errors.md shows, so that the package does not need it at run time: the parts of Procore's page that are not about failures,
// and what shows each finer cause.

/** A successful status, as Procore's page describes it. */
export interface SuccessRow {
  readonly status: number;
  readonly title: string;
  readonly description: string;
}

/** One of Procore's common error patterns, and the kind that this package gives to it. */
export interface PatternRow {
  readonly title: string;
  readonly kind: ProblemKind;
  readonly cause: string;
  readonly remedy: string;
}

/** One of Procore's best practices, and where this package follows it. */
export interface PracticeRow {
  readonly practice: string;
  readonly detail: string;
  readonly here: string;
}

/** Source: Procore, "Error Code Reference", successful responses. */
export const successes: readonly SuccessRow[] = [
  {
    status: 200,
    title: 'OK',
    description: 'The request succeeded. The response body contains the requested data.',
  },
  {
    status: 201,
    title: 'Created',
    description: 'The resource was created successfully. The response body contains the new resource.',
  },
  {
    status: 204,
    title: 'No Content',
    description: 'The request succeeded but there is no response body (common for DELETE operations).',
  },
];

/** Source: Procore, "Error Code Reference", common error patterns. */
export const patterns: readonly PatternRow[] = [
  {
    title: '“App is not connected to this company”',
    kind: 'app-not-connected',
    cause: 'Your app has been disconnected from the company via App Management in Procore.',
    remedy: 'The company admin needs to reconnect your app.',
  },
  {
    title: '“The access token is invalid”',
    kind: 'access-token-invalid',
    cause: 'The token has expired (tokens last 90 minutes) or has been revoked.',
    remedy: 'Refresh the token using your refresh token.',
  },
  {
    title: '“The refresh token is invalid”',
    kind: 'reauthentication-required',
    cause:
      'Refresh tokens are single-use. If a refresh call was made (even if the response was lost due to a network error), the old refresh token is permanently invalidated.',
    remedy: 'Re-authenticate the user.',
  },
  {
    title: 'Rate limiting',
    kind: 'rate-limited',
    cause:
      'When you receive a 429 response, the Retry-After header indicates how many seconds to wait before retrying.',
    remedy: 'Implement exponential backoff to handle rate limits gracefully.',
  },
  {
    title: 'Permissions errors',
    kind: 'forbidden',
    cause:
      'A 403 Forbidden on a specific endpoint usually means the authenticated user’s permission level is insufficient.',
    remedy: `Check the User Permissions Matrix (${permissionsMatrix}) to determine the required permission level for each tool.`,
  },
];

/** Source: Procore, "Error Code Reference", best practices for error handling. */
export const bestPractices: readonly PracticeRow[] = [
  {
    practice: 'Always check status codes',
    detail: 'Don’t assume success. Check the response status code before processing the response body.',
    here: 'The plugin goes by the status, whatever validateStatus says.',
  },
  {
    practice: 'Parse error messages',
    detail:
      'The response body for 4xx errors often contains a message or errors field with specific details.',
    here: 'error.procore.messages, fields and reasonCodes, for every shape of body.',
  },
  {
    practice: 'Implement retry logic',
    detail: 'For 429 and 5xx errors, use exponential backoff with jitter.',
    here: 'Failures that pass are retried: after the wait that the server asks for, else with exponential backoff and full jitter.',
  },
  {
    practice: 'Log request details',
    detail:
      'When contacting support, include the HTTP method, URL, request headers (without secrets), response status code, and response body.',
    here: 'error.procore has status, messages and requestId, and never a secret.',
  },
  {
    practice: 'Handle token expiration proactively',
    detail: 'Refresh tokens before they expire rather than waiting for a 401 error.',
    here: 'Tokens are renewed in the background before they expire.',
  },
];

/** What shows each finer cause, in words: `find-reason.ts` has the expressions. */
export const shownBy: Readonly<Record<ProblemReason, string>> = {
  'permission-missing': 'the answer says that a permission is missing; “Permission denied” alone does not',
  'permission-or-tool':
    'the answer says “You do not have sufficient access”, or names a permission and a disabled tool as two possible causes',
  'tool-disabled': 'the answer says that the tool is disabled, or not enabled',
  'outside-access-scope':
    'the answer speaks of the scope of access, of the directory of the project, or of no access to the project',
  'project-not-permitted':
    'the answer speaks of permitted projects, or it is that of the row above, to a call in a project with grant: client_credentials',
  'service-account':
    'the call is made with grant: client_credentials, its path or its parameters name a project, and the answer shows no other cause',
  'company-header-absent':
    'the call had no Procore-Company-Id header, its route is a published one that needs it, and the answer shows no other cause',
  'no-read-access': 'the answer speaks of access or permissions that are missing',
  'record-locked': 'the answer says that a record is locked, or synced with an ERP',
  'origin-id-taken': 'the answer says that origin_id is taken, in use, a duplicate, or not unique',
  'not-in-project': 'the answer says that a cost code or a location does not exist, or is not in the project',
  'redirect-uri-mismatch':
    'the answer of the login host has the error invalid_redirect_uri or redirect_uri_mismatch, or says so of the redirect URI alone',
  'code-expired': 'the answer says that the authorization code has expired, and nothing else',
  'no-tokens': 'reason of the ReauthenticationRequiredError',
  'no-refresh-token': 'reason of the ReauthenticationRequiredError',
  'refresh-token-invalid':
    'reason of the ReauthenticationRequiredError, or the text “The refresh token is invalid”',
  'refresh-response-lost': 'reason of the ReauthenticationRequiredError',
  'code-invalid':
    'reason of the ReauthenticationRequiredError that exchangeCode rejects with, or the answer says so',
  'code-response-lost': 'reason of the ReauthenticationRequiredError that exchangeCode rejects with',
};
