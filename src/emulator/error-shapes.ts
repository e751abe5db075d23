import { json, text, type TextReply } from './message.js';
import { companyHeaderMissing, tooManyRequests, unauthorized } from './refusals.js';

/** An answer as it is sent, with header names in lower case and the body as text. */
export interface ErrorShape {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * All shapes of Procore's error answers by name, and of successful answers with failed items.
 * `/rest/v1.0/emulator/errors/:name` answers each of them, to any method.
 *
 * @example
 * for (const name of Object.keys(errorShapes)) {
 *   await api.get(`/rest/v1.0/emulator/errors/${name}`).catch(report);
 * }
 */
export const errorShapes: Readonly<Record<string, ErrorShape>> = {
  // 400, and the shapes that occur with any status.
  envelope: envelope(400, 'BAD_REQUEST', 'Bad Request', [
    {
      reason_code: 'INVALID_PROPERTY',
      message: 'uploads.0.file_name must be a string',
      source: 'uploads.0.file_name',
    },
    { reason_code: 'MISSING_PROPERTY', message: 'uploads.0.size is required', source: 'uploads.0.size' },
  ]),
  message: json(400, { message: 'The page parameter is not a number.' }),
  error: json(400, { error: 'The filters parameter is malformed.' }),
  'errors-text': json(400, { errors: 'The request body is not a JSON object.' }),
  'errors-list': json(400, { errors: ['due_date is not a date', 'number is not a string'] }),
  'plain-text': text(400, 'Bad Request: the per_page parameter is not a number.'),
  'company-header-missing': companyHeaderMissing(),
  'company-header-missing-json': json(400, { message: companyHeaderMissing().body }),

  // 401
  'token-expired': unauthorized('expired'),
  'token-revoked': unauthorized('revoked'),
  'token-invalid': unauthorized('unknown'),
  'token-invalid-errors': json(401, { errors: 'The access token is invalid' }),
  'token-invalid-oauth': json(401, {
    error: 'invalid_token',
    error_description: 'The access token was revoked',
  }),
  'token-invalid-envelope': envelope(401, 'UNAUTHORIZED', 'Unauthorized', [
    { reason_code: 'INVALID_TOKEN', message: 'The access token is invalid' },
  ]),
  'unauthorized-empty': { status: 401, headers: {}, body: '' },

  // 403
  'app-not-connected': json(403, { errors: 'App is not connected to this company' }),
  'app-not-connected-message': json(403, { message: 'App is not connected to this company' }),
  'permission-missing': json(403, { errors: 'You do not have permission to access this resource.' }),
  'tool-disabled': json(403, { message: 'The RFIs tool is not enabled in this project.' }),
  'forbidden-envelope': envelope(403, 'FORBIDDEN', 'Forbidden', [
    { reason_code: 'OUT_OF_SCOPE', message: 'The resource is outside the scope of the user.' },
  ]),
  'forbidden-html': html(403, 'Request blocked'),

  // The other 4xx
  'not-found': json(404, { message: 'Not Found' }),
  'not-found-empty': { status: 404, headers: {}, body: '' },
  'method-not-allowed': json(405, { message: 'Method Not Allowed' }),
  'not-acceptable': json(406, { errors: 'The field "subjekt" does not exist.' }),
  'request-timeout': json(408, { message: 'The query took too long. Narrow it and try again.' }),
  conflict: json(409, { errors: { origin_id: ['has already been taken'] } }),
  unprocessable: json(422, {
    errors: { subject: ["can't be blank", 'is too short'], due_date: ['is past'] },
  }),
  'unprocessable-text': json(422, { errors: { status: 'cannot change from closed to draft' } }),

  // 429. Procore's text names an hour for both of its limits.
  'rate-limited': tooManyRequests(1),
  'rate-limited-bare': tooManyRequests(),

  // 5xx
  'server-error': json(500, { message: 'Internal Server Error' }),
  'server-error-empty': { status: 500, headers: {}, body: '' },
  'server-error-broken-json': { ...json(500, {}), body: '{"error":{"code":"INTERNAL","mess' },
  'bad-gateway': html(502, 'Bad Gateway'),
  unavailable: json(503, { message: 'Service Unavailable' }, { 'retry-after': '1' }),
  'unavailable-bare': json(503, { message: 'Service Unavailable' }),
  'unavailable-html': html(503, 'Service Temporarily Unavailable'),
  'gateway-timeout': html(504, 'Gateway Time-out'),

  // Successes that carry failures
  'sync-partial': json(200, {
    entities: [{ id: 562949953430001, origin_id: 'a-1', subject: 'Which bolt?' }],
    errors: [{ origin_id: 'a-2', subject: '', errors: { subject: ["can't be blank"] } }],
  }),
  'bulk-partial': json(207, {
    data: {
      success: [{ id: 562949953440001 }],
      failed: [{ id: 562949953440002, code: 'NOT_FOUND', message: 'The item does not exist.' }],
    },
  }),
  'uploads-partial': json(201, {
    uploads: [{ upload_id: '01J0000000000000000000000A' }],
    failures: [
      {
        upload_id: '01J0000000000000000000000B',
        reason_code: 'FILE_TOO_LARGE',
        message: 'The file is too large.',
      },
    ],
  }),
};

/** The shape of the newer endpoints. */
function envelope(status: number, code: string, message: string, details: readonly object[]): TextReply {
  return json(status, { error: { code, message, details } });
}

/** The HTML page of a load balancer. */
function html(status: number, title: string): TextReply {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
  };
}
