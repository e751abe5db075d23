/** The kinds of failures. `docs/errors.md` has the cause and the remedy of each. */
export type ProblemKind =
  | 'bad-request'
  | 'company-header-missing'
  | 'access-token-invalid'
  | 'unauthorized'
  | 'app-not-connected'
  | 'forbidden'
  | 'not-found'
  | 'not-acceptable'
  | 'request-timeout'
  | 'conflict'
  | 'unprocessable'
  | 'rate-limited'
  | 'server-error'
  | 'bad-gateway'
  | 'unavailable'
  | 'gateway-timeout'
  | 'connection-refused'
  | 'connection-lost'
  | 'timeout'
  | 'canceled'
  | 'reauthentication-required'
  | 'token-renewal-failed'
  | 'client-rejected'
  | 'token-store-failed'
  | 'deadline'
  | 'wrong-environment'
  | 'account-undecided'
  | 'unexpected';

/** Which calls are sent again after a failure. */
export type Repetition =
  /** No call. */
  | 'no'
  /** Every method, with a current token: the server has not carried out a call that it answered 401. */
  | 'replay'
  /** Every method, because the server has not carried out the call. */
  | 'every-method'
  /** GET, HEAD, OPTIONS, PUT and DELETE, and calls that are marked as idempotent or have an `Idempotency-Token`. */
  | 'idempotent'
  /** Every method where the answer has `Retry-After`, otherwise idempotent ones. */
  | 'as-told';

/** The description of one kind of failure. */
export interface CatalogueRow {
  /** The HTTP status of this kind; several kinds may share one. */
  readonly status?: number;
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
  readonly docsUrl: string;
  readonly retried: Repetition;
}

const reference = 'https://developers.procore.com/documentation/content/error-reference';
const rateLimiting = 'https://developers.procore.com/documentation/content/rate-limiting';
/** Where Procore lists what each tool asks of a user. */
export const permissionsMatrix = 'https://support.procore.com/references/user-permissions-matrix-web';

/** How a user authorizes the app, in a shell or in an application. */
export const logIn = 'npx axios-procore login, or authorizationUrl and exchangeCode';

/** Titles, causes and remedies. For statuses that Procore documents they are quoted from its "Error Code Reference"; the rest are this package's. */
export const problems: Readonly<Record<ProblemKind, CatalogueRow>> = {
  'bad-request': {
    status: 400,
    title: 'Bad Request',
    cause: 'Malformed JSON, missing required fields, or invalid parameter values.',
    remedy:
      'Check request body syntax and verify all required fields are included. Review the endpoint’s parameter documentation.',
    docsUrl: reference,
    retried: 'no',
  },
  'company-header-missing': {
    status: 400,
    title: 'Missing Procore-Company-Id',
    cause: 'The call is company-scoped and carries no Procore-Company-Id header.',
    remedy: 'Set the option companyId, or { procore: { companyId } } on the call.',
    docsUrl: reference,
    retried: 'no',
  },
  'access-token-invalid': {
    status: 401,
    title: 'Unauthorized',
    cause: 'The access token is invalid: it has expired (tokens last 90 minutes) or has been revoked.',
    remedy:
      'Refresh the token using your refresh token. The plugin does so and replays the call; a 401 that is still returned was refused with a current token too, or could not be replayed.',
    docsUrl: reference,
    retried: 'replay',
  },
  unauthorized: {
    status: 401,
    title: 'Unauthorized',
    cause: 'Missing, expired, or invalid access token.',
    remedy:
      'Verify the Authorization: Bearer <token> header is present. If the token expired, use your refresh token to obtain a new access token.',
    docsUrl: reference,
    retried: 'replay',
  },
  'app-not-connected': {
    status: 403,
    title: 'App is not connected to this company',
    cause: 'Your app has been disconnected from the company via App Management in Procore.',
    remedy: 'The company admin needs to reconnect your app.',
    docsUrl: reference,
    retried: 'no',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    cause:
      'The authenticated user or service account lacks the required permissions, the app is not installed in the target company, the resource is outside the user’s access scope, or the tool is disabled in the project.',
    remedy: `Verify the user or service account has the correct permission level for the endpoint (see the User Permissions Matrix, ${permissionsMatrix}). Confirm the app is installed in the target company. Check that the relevant tool is enabled in the project’s Admin tool settings.`,
    docsUrl: reference,
    retried: 'no',
  },
  'not-found': {
    status: 404,
    title: 'Not Found',
    cause: 'The requested resource does not exist, or the authenticated user does not have access to it.',
    remedy:
      'Verify the resource ID is correct and that the user has access to the project or company containing the resource.',
    docsUrl: reference,
    retried: 'no',
  },
  'not-acceptable': {
    status: 406,
    title: 'Not Acceptable',
    cause: 'The request references non-existent fields or an unsupported content type.',
    remedy: 'Verify field names match the API specification.',
    docsUrl: reference,
    retried: 'no',
  },
  'request-timeout': {
    status: 408,
    title: 'Request Timeout',
    cause: 'The query takes longer than the server allows.',
    remedy: 'Narrow the query: fewer fields, a smaller page, a tighter filter.',
    docsUrl: reference,
    retried: 'no',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    cause:
      'The request attempts to create a resource that already exists or conflicts with the current state.',
    remedy: 'Check for duplicate records. If using origin_id with sync actions, verify uniqueness.',
    docsUrl: reference,
    retried: 'no',
  },
  unprocessable: {
    status: 422,
    title: 'Unprocessable Entity',
    cause:
      'The request syntax is valid but the server cannot process it due to business logic (for example, invalid status transitions, required dependent records missing).',
    remedy: 'Review the error message in the response body for specific validation details.',
    docsUrl: reference,
    retried: 'no',
  },
  'rate-limited': {
    status: 429,
    title: 'Too Many Requests',
    cause: 'You have exceeded the API rate limit.',
    remedy:
      'Implement request throttling and exponential backoff. The plugin waits as the headers say, up to maxWaitMs.',
    docsUrl: rateLimiting,
    retried: 'every-method',
  },
  'server-error': {
    status: 500,
    title: 'Internal Server Error',
    cause: 'An unexpected error occurred on Procore’s servers.',
    remedy:
      'Retry the request after a short delay. If the issue persists, contact apisupport@procore.com with the request details and approximate time.',
    docsUrl: reference,
    retried: 'idempotent',
  },
  'bad-gateway': {
    status: 502,
    title: 'Bad Gateway',
    cause: 'A temporary connectivity issue between Procore’s load balancer and backend services.',
    remedy: 'Retry the request. These are typically transient.',
    docsUrl: reference,
    retried: 'idempotent',
  },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    cause: 'The service is temporarily unavailable due to maintenance or high load.',
    remedy:
      'Retry the request with exponential backoff. Check the Procore Status Page (https://status.procore.com) for ongoing incidents.',
    docsUrl: reference,
    retried: 'as-told',
  },
  'gateway-timeout': {
    status: 504,
    title: 'Gateway Timeout',
    cause: 'Procore’s load balancer had no answer from its backend in time; the request may have run.',
    remedy: 'Look whether a write has taken place before repeating it.',
    docsUrl: reference,
    retried: 'idempotent',
  },
  'connection-refused': {
    title: 'Connection refused',
    cause:
      'No connection to Procore could be made: a name that does not resolve, a refused connection, a proxy that made no tunnel, a failed TLS handshake.',
    remedy: 'Check network, proxy and certificates of this machine.',
    docsUrl: reference,
    retried: 'every-method',
  },
  'connection-lost': {
    title: 'Connection lost',
    cause: 'The connection broke before the whole answer had arrived; the request may have run.',
    remedy: 'Look whether a write has taken place before repeating it.',
    docsUrl: reference,
    retried: 'idempotent',
  },
  timeout: {
    title: 'Timeout',
    cause: 'No answer within the call’s timeout; the request may have run.',
    remedy:
      'Raise the timeout, or narrow the query. Look whether a write has taken place before repeating it.',
    docsUrl: reference,
    retried: 'idempotent',
  },
  canceled: {
    title: 'Canceled',
    cause: 'The application has cancelled the call; if it had been sent, it may have run.',
    remedy: 'Nothing to do.',
    docsUrl: reference,
    retried: 'no',
  },
  'reauthentication-required': {
    title: 'Re-authentication required',
    cause:
      'There is no refresh token, or it is invalid. Refresh tokens are single-use: if a refresh call was made (even if the response was lost due to a network error), the old refresh token is permanently invalidated.',
    remedy: `Re-authenticate the user. Send them through the browser (${logIn}), or hand new tokens to setTokens(); with legacy.takeOverRefresh, or axios-procore/register, the application’s own log-in will do.`,
    docsUrl: reference,
    retried: 'no',
  },
  'token-renewal-failed': {
    title: 'Token renewal failed',
    cause: 'The token endpoint gave no verdict; the refresh token is kept.',
    remedy: 'Try again, and not before retryAt where it is set.',
    docsUrl: reference,
    retried: 'no',
  },
  'client-rejected': {
    title: 'Client rejected',
    cause: 'The token endpoint refuses the app itself.',
    remedy: 'Check clientId, clientSecret, redirectUri and environment.',
    docsUrl: reference,
    retried: 'no',
  },
  'token-store-failed': {
    title: 'Token store failed',
    cause:
      'The application’s token store could not be read, written or locked, or returned what is no token set.',
    remedy: 'Look at the error’s cause; try again when the store works.',
    docsUrl: reference,
    retried: 'no',
  },
  deadline: {
    title: 'Deadline passed',
    cause: 'The call took longer than its deadlineMs, waits included.',
    remedy: 'Raise deadlineMs, or try again later.',
    docsUrl: reference,
    retried: 'no',
  },
  'wrong-environment': {
    title: 'Wrong environment',
    cause:
      'The call goes to another Procore environment than its tokens; tokens are not transferable across environments. It was not sent.',
    remedy: 'Set the option environment.',
    docsUrl: reference,
    retried: 'no',
  },
  'account-undecided': {
    title: 'Account undecided',
    cause:
      'Accounts are the users themselves, the call brings no bearer, and there are tokens of several users, or may be. It was not sent.',
    remedy:
      'Give the call the bearer of its user, or tell whose tokens it uses: { procore: { account } } on the call.',
    docsUrl: reference,
    retried: 'no',
  },
  unexpected: {
    title: 'Unexpected failure',
    cause:
      'A status that Procore does not document, or no failure of Procore’s at all: a limit of axios (maxContentLength, maxRedirects), an invalid URL or header, a body that failed, an exception of an adapter.',
    remedy:
      'Look at the error itself. If it is an answer of Procore’s and persists, contact apisupport@procore.com with method, path, status and x-request-id.',
    docsUrl: reference,
    retried: 'no',
  },
};
