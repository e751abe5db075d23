import { describe, expect, test } from 'vitest';
import { problems, type ProblemKind, type Repetition } from '../../../src/failure/catalogue.js';
import { bestPractices, patterns, successes } from '../../../src/failure/error-page.js';
import { reasons } from '../../../src/failure/reasons.js';

/** What Procore says of a status; `kinds` have it in their texts. */
const documented: { status: number; title: string; kinds: ProblemKind[]; cause: string; remedy: string[] }[] =
  [
    {
      status: 400,
      title: 'Bad Request',
      kinds: ['bad-request'],
      cause: 'Malformed JSON, missing required fields, or invalid parameter values.',
      remedy: [
        'Check request body syntax and verify all required fields are included.',
        'Review the endpoint’s parameter documentation.',
      ],
    },
    {
      status: 401,
      title: 'Unauthorized',
      kinds: ['unauthorized'],
      cause: 'Missing, expired, or invalid access token.',
      remedy: [
        'Verify the Authorization: Bearer <token> header is present.',
        'If the token expired, use your refresh token to obtain a new access token.',
      ],
    },
    {
      status: 403,
      title: 'Forbidden',
      kinds: ['forbidden'],
      cause:
        'The authenticated user or service account lacks the required permissions, the app is not installed in the target company, the resource is outside the user’s access scope, or the tool is disabled in the project.',
      remedy: [
        'Verify the user or service account has the correct permission level for the endpoint',
        'Confirm the app is installed in the target company.',
        'Check that the relevant tool is enabled in the project’s Admin tool settings.',
        'User Permissions Matrix',
      ],
    },
    {
      status: 404,
      title: 'Not Found',
      kinds: ['not-found'],
      cause: 'The requested resource does not exist, or the authenticated user does not have access to it.',
      remedy: [
        'Verify the resource ID is correct and that the user has access to the project or company containing the resource.',
      ],
    },
    {
      status: 406,
      title: 'Not Acceptable',
      kinds: ['not-acceptable'],
      cause: 'The request references non-existent fields or an unsupported content type.',
      remedy: ['Verify field names match the API specification.'],
    },
    {
      status: 409,
      title: 'Conflict',
      kinds: ['conflict'],
      cause:
        'The request attempts to create a resource that already exists or conflicts with the current state.',
      remedy: ['Check for duplicate records.', 'If using origin_id with sync actions, verify uniqueness.'],
    },
    {
      status: 422,
      title: 'Unprocessable Entity',
      kinds: ['unprocessable'],
      cause:
        'The request syntax is valid but the server cannot process it due to business logic (for example, invalid status transitions, required dependent records missing).',
      remedy: ['Review the error message in the response body for specific validation details.'],
    },
    {
      status: 429,
      title: 'Too Many Requests',
      kinds: ['rate-limited'],
      cause: 'You have exceeded the API rate limit.',
      remedy: ['Implement request throttling and exponential backoff.'],
    },
    {
      status: 500,
      title: 'Internal Server Error',
      kinds: ['server-error'],
      cause: 'An unexpected error occurred on Procore’s servers.',
      remedy: [
        'Retry the request after a short delay.',
        'If the issue persists, contact apisupport@procore.com with the request details and approximate time.',
      ],
    },
    {
      status: 502,
      title: 'Bad Gateway',
      kinds: ['bad-gateway'],
      cause: 'A temporary connectivity issue between Procore’s load balancer and backend services.',
      remedy: ['Retry the request.', 'These are typically transient.'],
    },
    {
      status: 503,
      title: 'Service Unavailable',
      kinds: ['unavailable'],
      cause: 'The service is temporarily unavailable due to maintenance or high load.',
      remedy: [
        'Retry the request with exponential backoff.',
        'Check the Procore Status Page',
        'for ongoing incidents.',
      ],
    },
  ];

describe('each status that Procore documents', () => {
  test.each(documented)('$status $title: the documented cause and remedy', (row) => {
    const { status, title, kinds, cause, remedy } = row;
    for (const kind of kinds) {
      expect(problems[kind]).toMatchObject({ status, title });
      expect(problems[kind].cause).toContain(cause);
      for (const sentence of remedy) expect(problems[kind].remedy).toContain(sentence);
    }
  });

  test.each([
    [200, 'OK', 'The request succeeded. The response body contains the requested data.'],
    [201, 'Created', 'The resource was created successfully. The response body contains the new resource.'],
    [
      204,
      'No Content',
      'The request succeeded but there is no response body (common for DELETE operations).',
    ],
  ])('%i %s is a success', (status, title, description) => {
    expect(successes).toContainEqual({ status, title, description });
  });

  test('there are three successes', () => {
    expect(successes).toHaveLength(3);
  });
});

describe('each pattern that Procore documents', () => {
  test.each<[title: string, kind: ProblemKind, cause: string, remedy: string]>([
    [
      '“App is not connected to this company”',
      'app-not-connected',
      'Your app has been disconnected from the company via App Management in Procore.',
      'The company admin needs to reconnect your app.',
    ],
    [
      '“The access token is invalid”',
      'access-token-invalid',
      'The token has expired (tokens last 90 minutes) or has been revoked.',
      'Refresh the token using your refresh token.',
    ],
    [
      '“The refresh token is invalid”',
      'reauthentication-required',
      'Refresh tokens are single-use. If a refresh call was made (even if the response was lost due to a network error), the old refresh token is permanently invalidated.',
      'Re-authenticate the user.',
    ],
    [
      'Rate limiting',
      'rate-limited',
      'When you receive a 429 response, the Retry-After header indicates how many seconds to wait before retrying.',
      'Implement exponential backoff to handle rate limits gracefully.',
    ],
  ])('%s is %s', (title, kind, cause, remedy) => {
    expect(patterns).toContainEqual({ title, kind, cause, remedy });
  });

  test('permissions errors point to the User Permissions Matrix', () => {
    const { kind, cause, remedy } = patterns.find(({ title }) => title === 'Permissions errors')!;
    expect(kind).toBe('forbidden');
    expect(cause).toBe(
      'A 403 Forbidden on a specific endpoint usually means the authenticated user’s permission level is insufficient.',
    );
    expect(remedy).toMatch(
      /^Check the User Permissions Matrix \(https:\S+\) to determine the required permission level for each tool\.$/,
    );
  });

  test('what such a kind says of itself is the same', () => {
    expect(problems['app-not-connected']).toMatchObject({
      status: 403,
      title: 'App is not connected to this company',
      cause: 'Your app has been disconnected from the company via App Management in Procore.',
      remedy: 'The company admin needs to reconnect your app.',
    });
    expect(problems['access-token-invalid'].cause).toContain('tokens last 90 minutes');
    expect(problems['access-token-invalid'].cause).toContain('has been revoked');
    expect(problems['access-token-invalid'].remedy).toContain('Refresh the token using your refresh token.');
    expect(problems['reauthentication-required'].cause).toContain(
      'Refresh tokens are single-use: if a refresh call was made (even if the response was lost due to a network error), the old refresh token is permanently invalidated.',
    );
    expect(problems['reauthentication-required'].remedy).toMatch(/^Re-authenticate the user\. /);
  });

  test('there are five', () => {
    expect(patterns).toHaveLength(5);
  });
});

test.each([
  ['the kind reauthentication-required', problems['reauthentication-required']],
  ...Object.entries(reasons).filter(
    ([
      ,
      {
        kinds: [kind],
      },
    ]) => kind === 'reauthentication-required',
  ),
])('the remedy of %s names the log-in of a shell and that of an application', (_name, { remedy }) => {
  expect(remedy).toContain('(npx axios-procore login, or authorizationUrl and exchangeCode)');
});

test('the five best practices, in their order', () => {
  expect(bestPractices.map(({ practice, detail }) => [practice, detail])).toEqual([
    [
      'Always check status codes',
      'Don’t assume success. Check the response status code before processing the response body.',
    ],
    [
      'Parse error messages',
      'The response body for 4xx errors often contains a message or errors field with specific details.',
    ],
    ['Implement retry logic', 'For 429 and 5xx errors, use exponential backoff with jitter.'],
    [
      'Log request details',
      'When contacting support, include the HTTP method, URL, request headers (without secrets), response status code, and response body.',
    ],
    [
      'Handle token expiration proactively',
      'Refresh tokens before they expire rather than waiting for a 401 error.',
    ],
  ]);
});

test.each<[Repetition, ProblemKind[]]>([
  ['replay', ['access-token-invalid', 'unauthorized']],
  ['every-method', ['rate-limited', 'connection-refused']],
  ['idempotent', ['server-error', 'bad-gateway', 'gateway-timeout', 'connection-lost', 'timeout']],
  ['as-told', ['unavailable']],
])('sent again (%s): %j', (repetition, kinds) => {
  const found = Object.entries(problems).filter(([, { retried }]) => retried === repetition);
  expect(found.map(([kind]) => kind)).toEqual(kinds);
});

test('every row is complete: sentences, and a page of Procore', () => {
  for (const { title, cause, remedy, docsUrl } of Object.values(problems)) {
    expect(title).toMatch(/^[A-Z][^.]*$/);
    expect(cause).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
    expect(docsUrl).toMatch(/^https:\/\/developers\.procore\.com\/documentation\/content\/[\w-]+$/);
  }
});
