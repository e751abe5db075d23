import { permissionsMatrix, type ProblemKind } from './catalogue.js';

// The parts of Procore's page that are not about failures. Only docs/errors.md shows them; the package does not need them at run time.

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
