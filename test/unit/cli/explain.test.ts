import axios, { AxiosError } from 'axios';
import { expect, test } from 'vitest';
import { problems } from '../../../src/failure/catalogue.js';
import { patterns } from '../../../src/failure/error-page.js';
import { reasons, type ProblemReason } from '../../../src/failure/reasons.js';
import {
  AccountUndecidedError,
  ClientRejectedError,
  DeadlineError,
  RateLimitedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
  WrongEnvironmentError,
} from '../../../src/failure/errors.js';
import { supportReport } from '../../../src/attach/support-report.js';
import { questionIn } from '../../../src/cli/explain/question.js';
import { processWarnings, warnings } from '../../../src/cli/explain/warnings.js';
import { command } from '../../support/command.js';

const kindOf = (text: string) => {
  const asked = questionIn(text);
  return asked.kind === 'failure' ? asked.question.kind : asked.kind;
};

test.each([
  ['400', 'bad-request'],
  ['401', 'unauthorized'],
  ['403', 'forbidden'],
  [' 404\n', 'not-found'],
  ['406', 'not-acceptable'],
  ['408', 'request-timeout'],
  ['409', 'conflict'],
  ['422', 'unprocessable'],
  ['429', 'rate-limited'],
  ['500', 'server-error'],
  ['502', 'bad-gateway'],
  ['503', 'unavailable'],
  ['504', 'gateway-timeout'],
  ['507', 'server-error'],
  ['418', 'unexpected'],
  ['204', 'success'],
  ['Request failed with status code 429', 'rate-limited'],
  ['HTTP/1.1 503 Service Unavailable', 'unavailable'],
  ['404 Not Found', 'not-found'],
  ['Too Many Requests', 'rate-limited'],
  ['Forbidden', 'forbidden'],
  ['App is not connected to this company', 'app-not-connected'],
  ['403 App is not connected to this company', 'app-not-connected'],
  ['Missing Procore-Company-Id header! Please provide it.', 'company-header-missing'],
  ['The access token expired', 'access-token-invalid'],
  ['Request failed with status code 401: The access token was revoked', 'access-token-invalid'],
  ['invalid_grant', 'reauthentication-required'],
  ['400 {"error":"invalid_client"}', 'client-rejected'],
  ['connect ECONNREFUSED 127.0.0.1:443', 'connection-refused'],
  ['getaddrinfo ENOTFOUND api.procore.com', 'connection-refused'],
  ['read ECONNRESET', 'connection-lost'],
  ['socket hang up', 'connection-lost'],
  ['timeout of 1000ms exceeded', 'timeout'],
  ['canceled', 'canceled'],
  ['fetch failed', 'connection-lost'],
  ['nothing that anybody knows', 'unknown'],
  ['The project 422 was closed', 'unknown'],
  ['{}', 'unknown'],
  ['[]', 'unknown'],
  ['{"errors":"The access token is invalid"}', 'access-token-invalid'],
  ['{"message":"App is not connected to this company"}', 'app-not-connected'],
  ['{"error":"invalid_grant","error_description":"It is spent."}', 'reauthentication-required'],
  ['{"status":403,"data":{"message":"App is not connected to this company"}}', 'app-not-connected'],
  ['{"level":50,"err":{"code":"ECONNREFUSED","message":"connect ECONNREFUSED"}}', 'connection-refused'],
])('%j is %s', (text, kind) => {
  expect(kindOf(text)).toBe(kind);
});

test.each(Object.entries({ ...warnings, ...processWarnings }))(
  'the warning %s is explained by its code, and by its line in the log, with each of its messages',
  async (code, rows) => {
    const asJson = await command(['explain', '--json', code]);
    const { warning, meanings } = JSON.parse(asJson.out) as {
      warning: string;
      meanings: { says: string; remedy: string }[];
    };
    expect([asJson.code, warning, meanings.length]).toEqual([0, code, rows.length]);
    const { out } = await command(['explain', `axios-procore: something (warning code="${code}")`]);
    expect(out).toBe(
      [
        `Warning (${code})`,
        ...meanings.flatMap(({ says, remedy }) => [`  Says:       ${says}`, `  What to do: ${remedy}`]),
        '  See:        docs/troubleshooting.md#warnings\n',
      ].join('\n'),
    );
    expect(out).not.toMatch(/[`[\]]|\]\(/);
  },
);

test.each([
  ['the JSON of the event', '{"code":"pacing-alone","message":"… and may meet 429s"}'],
  ['a line of a logger that writes JSON', '{"level":40,"msg":"… 429s (warning code=\\"pacing-alone\\")"}'],
  ['the same with its fields', '{"level":"warn","message":"… 429s","event":"warning","code":"pacing-alone"}'],
  ['what Node prints', '(node:1) [warning] ProcoreWarning: … 429s (warning code="pacing-alone")'],
  ['what Node prints of a part that has no handle', '(node:1) [health-file] ProcoreWarning: … ENOENT'],
])('a warning is explained by %s, and is no failure that its text names', (_what, text) => {
  const code = text.includes('health-file') ? 'health-file' : 'pacing-alone';
  expect(questionIn(text)).toMatchObject({ kind: 'warning', warning: { code } });
});

test('a warning names the pages that its text links to', async () => {
  const { out } = await command(['explain', 'pacing-alone']);
  expect(out).toContain(
    'What to do: Look after Redis; no call fails for it. When Redis is away (docs/pacing.md#when-redis-is-away)\n',
  );
});

test.each(Object.keys(problems))('the kind %s is explained by its name', (kind) => {
  expect(kindOf(kind)).toBe(kind);
});

const causeOf = (text: string) => {
  const asked = questionIn(text);
  return asked.kind === 'failure' ? [asked.question.kind, asked.question.reason] : [asked.kind];
};

test.each(Object.keys(reasons) as ProblemReason[])(
  'the finer cause %s is explained by its name',
  (reason) => {
    expect(causeOf(reason)).toEqual([reasons[reason].kinds[0], reason]);
  },
);

test.each([
  ['The RFIs tool is not enabled in this project.', 'forbidden', 'tool-disabled'],
  ['403: You do not have permission to access this resource.', 'forbidden', 'permission-missing'],
  ['Request failed with status code 403: Insufficient permissions', 'forbidden', 'permission-missing'],
  ['You do not have sufficient access to complete that action', 'forbidden', 'permission-or-tool'],
  ['The project is not in the Permitted Projects list', 'forbidden', 'project-not-permitted'],
  ['origin_id: has already been taken', 'unprocessable', 'origin-id-taken'],
  ['409 origin_id has already been taken', 'conflict', 'origin-id-taken'],
  ['Cost code not found', 'unprocessable', 'not-in-project'],
  ['The redirect uri included is not valid.', 'client-rejected', 'redirect-uri-mismatch'],
  ['The authorization code has expired', 'reauthentication-required', 'code-expired'],
  ['The refresh token is invalid', 'reauthentication-required', 'refresh-token-invalid'],
  ['{"errors":{"cost_code":["must exist"]}}', 'unprocessable', 'not-in-project'],
  ['{"status":404,"data":{"message":"You do not have access"}}', 'not-found', 'no-read-access'],
  ['{"status":422,"data":{"errors":{"base":["is locked"]}}}', 'unprocessable', 'record-locked'],
  ['{"error":"invalid_redirect_uri","error_description":"No."}', 'client-rejected', 'redirect-uri-mismatch'],
  [
    '{"response":{"status":400,"data":{"error":"invalid_grant","error_description":"redirect_uri does not match"}}}',
    'reauthentication-required',
    'redirect-uri-mismatch',
  ],
  ['{"procore":{"kind":"forbidden","reason":"service-account"}}', 'forbidden', 'service-account'],
  ['{"kind":"forbidden","messages":["Tool is disabled"]}', 'forbidden', 'tool-disabled'],
  // Beside them what shows no more than its kind.
  ['403 Forbidden', 'forbidden', undefined],
  ['404 Cost code not found', 'not-found', undefined],
  ['500 The tool is disabled', 'server-error', undefined],
  ['number: has already been taken (422)', 'unknown', undefined],
  ['invalid_grant', 'reauthentication-required', undefined],
  ['{"status":401,"data":{"error":"invalid_client"}}', 'client-rejected', undefined],
  ['{"status":400,"data":{"error":"Bad Request"}}', 'bad-request', undefined],
  ['{"kind":"forbidden","reason":"origin-id-taken"}', 'forbidden', undefined],
  ['{"kind":"forbidden","reason":"of another version"}', 'forbidden', undefined],
])('%j is %s: %s', (text, kind, reason) => {
  const [askedKind, askedReason] = causeOf(text);
  expect([askedKind, askedReason]).toEqual([kind, reason]);
});

test('every row of Procore’s page is explained: statuses with their titles, and patterns by their names', () => {
  for (const [status, title] of [
    ['200', 'OK'],
    ['201', 'Created'],
    ['204', 'No Content'],
  ] as const)
    expect([kindOf(status), kindOf(`${status} ${title}`)]).toEqual(['success', 'success']);
  for (const [kind, { status, title }] of Object.entries(problems)) {
    if (status === undefined || kind === 'access-token-invalid') continue;
    expect([title, kindOf(title), kindOf(`${status} ${title}`)]).toEqual([title, kind, kind]);
  }
  for (const { title, kind } of patterns) expect([title, kindOf(title)]).toEqual([title, kind]);
});

test('an error of axios is explained by its JSON, with the messages of its answer where they are there', () => {
  const response = {
    status: 422,
    statusText: '',
    headers: {},
    data: { errors: { name: ['is taken'] } },
    config: {},
  };
  const error = new AxiosError(
    'Request failed with status code 422',
    'ERR_BAD_REQUEST',
    undefined,
    null,
    response as never,
  );
  expect(kindOf(JSON.stringify(error))).toBe('unprocessable');
  expect(questionIn(JSON.stringify({ response }))).toMatchObject({
    question: { kind: 'unprocessable', status: 422, messages: ['name: is taken'] },
  });
});

test.each([
  [new AccountUndecidedError('it failed.', {}), 'account-undecided'],
  [new ClientRejectedError('it failed.', {}), 'client-rejected'],
  [new DeadlineError('it failed.', {}), 'deadline'],
  [new RateLimitedError('it failed.', {}), 'rate-limited'],
  [new ReauthenticationRequiredError('it failed.', { reason: 'no-tokens' }), 'reauthentication-required'],
  [new TokenRenewalError('it failed.', {}), 'token-renewal-failed'],
  [new TokenStoreError('it failed.', {}), 'token-store-failed'],
  [new WrongEnvironmentError('it failed.', {}), 'wrong-environment'],
])('%s is explained by its JSON, its code, and its name', (error, kind) => {
  expect(kindOf(JSON.stringify(error))).toBe(kind);
  expect(kindOf(`Error ${error.code}`)).toBe(kind);
  expect(kindOf(String(error))).toBe(kind);
});

test('a support report is explained as JSON and as text, with its request id', () => {
  const config = { method: 'get', url: 'https://api.procore.com/rest/v1.0/me' };
  const response = {
    status: 403,
    statusText: '',
    headers: { 'x-request-id': 'req-17' },
    data: { message: 'App is not connected to this company' },
    config,
  };
  const error = new axios.AxiosError(
    'Request failed with status code 403',
    undefined,
    undefined,
    null,
    response as never,
  );
  const report = supportReport(error);
  expect(questionIn(JSON.stringify(report))).toMatchObject({
    question: { kind: 'app-not-connected', status: 403, requestId: 'req-17' },
  });
  expect(questionIn(String(report))).toMatchObject({
    question: { kind: 'app-not-connected', status: 403, requestId: 'req-17' },
  });
});

test('a finer cause in a support report is explained as JSON and as text', () => {
  const procore = { kind: 'forbidden', reason: 'service-account', messages: [], mayHaveRun: 'no' };
  const response = { status: 403, headers: {}, data: '', config: { url: 'https://api.procore.com/x' } };
  const report = supportReport(Object.assign(new Error('refused'), { ...response, response, procore }));
  for (const text of [JSON.stringify(report), String(report), String(supportReport(JSON.stringify(report)))])
    expect(causeOf(text)).toEqual(['forbidden', 'service-account']);
});

test('it prints the cause and the remedy of a finer cause, and names it', async () => {
  const said = 'The RFIs tool is not enabled in this project.';
  const { cause, remedy, docsUrl } = reasons['tool-disabled'];
  const { out } = await command(['explain', '403', said]);
  expect(out.split('\n').slice(0, 4)).toEqual([
    '403 Forbidden (forbidden: tool-disabled)',
    `  Said:       403 ${said}`,
    `  Cause:      ${cause}`,
    `  What to do: ${remedy}`,
  ]);
  const { out: json } = await command(['explain', '--json', '403', said]);
  expect(JSON.parse(json)).toMatchObject({
    kind: 'forbidden',
    reason: 'tool-disabled',
    cause,
    remedy,
    docsUrl,
  });
});

test('it prints kind, cause and remedy, and reads the standard input', async () => {
  const { code, out } = await command(['explain'], {
    input: '{"message":"App is not connected to this company"}',
  });
  expect(code).toBe(0);
  const { cause, remedy } = problems['app-not-connected'];
  expect(out).toBe(
    [
      '403 App is not connected to this company (app-not-connected)',
      '  Said:       App is not connected to this company',
      `  Cause:      ${cause}`,
      `  What to do: ${remedy}`,
      '  Sent again by the plugin: no.',
      '  See:        https://developers.procore.com/documentation/content/error-reference',
      '',
    ].join('\n'),
  );
  expect(await command(['explain', '-'], { input: '429' })).toEqual(await command(['explain', '429']));
});

test('a request id is shown in full, as support asks for it, and a token in its place is not', async () => {
  const requestId = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const explained = (id: string) =>
    command(['explain', JSON.stringify({ kind: 'forbidden', requestId: id })]);
  expect((await explained(requestId)).out).toContain(`Request id: ${requestId}`);
  expect((await explained('eyJhbGciOiJub25lIn0.e30.c2ln')).out).toContain('Request id: [redacted]');
});

test.each([
  [['explain', 'what', 'is', 'this'], '', 1, /Nothing in the catalogue fits/],
  [['explain'], '', 2, /the standard input is empty/],
])('%j with the input %j ends with %i', async (args, input, code, says) => {
  const ran = await command(args, { input });
  expect([ran.code, ran.out]).toEqual([code, '']);
  expect(ran.err).toMatch(says);
});

test('on a terminal it does not wait for input', async () => {
  const isTerminal = { input: true, output: false, errors: false };
  expect((await command(['explain'], { isTerminal })).code).toBe(2);
});

test('what a server has said cannot steer the terminal, nor colour a line where there are no colours', async () => {
  const steering =
    'App is not\u001b[2J connected\u0007 \u001b]0;title\u0007to\u009b31m this \u001b[31mcompany';
  const answer = JSON.stringify({ status: 403, data: { message: steering } });
  for (const FORCE_COLOR of ['0', '1']) {
    const { out } = await command(['explain'], { input: answer, environment: { FORCE_COLOR } });
    const own = FORCE_COLOR === '1' ? out.replace(/\u001b\[\d+m/g, '') : out;
    expect(own).toContain('connected');
    expect(own).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
  const unknown = await command(['explain', steering.replace('company', 'nowhere \u001b[2J')]);
  expect(unknown.err + unknown.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  const wrong = await command(['explain', '--\u001b[2Jx']);
  expect(wrong.err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});
