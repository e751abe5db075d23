import { describe, expect, expectTypeOf, test } from 'vitest';
import { errorShapes } from '../../../src/emulator/error-shapes.js';
import { parseErrorBody } from '../../../src/failure/body.js';
import { problems, type ProblemKind } from '../../../src/failure/catalogue.js';
import { shownBy } from '../../../src/failure/error-page.js';
import { findReason, reasonInMessage, type CallContext } from '../../../src/failure/find-reason.js';
import { reasons, type ProblemReason } from '../../../src/failure/reasons.js';

const byText = (kind: ProblemKind, ...messages: string[]) => findReason({ kind, messages });

describe('the words of the answer', () => {
  /** Beside the texts of each reason stand texts of the same kind that resemble them, and say something else. */
  const told: [kind: ProblemKind, reason: ProblemReason | undefined, texts: string[]][] = [
    [
      'forbidden',
      'permission-missing',
      [
        'You do not have permission to access this resource.',
        'User lacks the required permissions',
        "You don't have the permissions that this action needs",
        'Insufficient permissions',
        'Admin permission is required',
      ],
    ],
    [
      'forbidden',
      'permission-or-tool',
      [
        'You do not have sufficient access to complete that action',
        'Insufficient access',
        'You do not have permission, or the tool is disabled',
        'Either the tool is not enabled in this project or you lack permission to use it',
      ],
    ],
    [
      'forbidden',
      'tool-disabled',
      [
        'The RFIs tool is not enabled in this project.',
        'Tool is disabled',
        'Tool not enabled',
        "The Submittals tool isn't enabled",
        'The tool has not been enabled for the project',
        'This tool in this project is inactive: you do not have permission to use it',
      ],
    ],
    [
      'forbidden',
      'outside-access-scope',
      [
        'The resource is outside the scope of the user.',
        'This record is outside of your access scope',
        'User is not in the project directory',
        "The user is not in this project's directory",
        'You do not have access to this project',
      ],
    ],
    [
      'forbidden',
      'project-not-permitted',
      [
        'The project is not one of the permitted projects of this app',
        'Project is not in the Permitted Projects list',
      ],
    ],
    [
      'forbidden',
      undefined,
      [
        'Forbidden',
        '403 Request blocked',
        'Permission denied',
        'The app is connected to this company',
        'This tool needs two people',
        'The account is disabled: no tool for you',
        'insufficient_scope',
        'The scope of work is not yours',
        'You are over the access quota',
        'This project is not permitted to be archived',
        'A user without a permission template cannot be invited',
        'It is missing a permissions group',
        'Ask an admin whether the tool is disabled',
        'Nobody may do this unless the tool is disabled',
      ],
    ],
    [
      'not-found',
      'no-read-access',
      [
        'Not found, or you do not have access to it',
        'The user lacks read permission',
        'You are not authorized to see this record',
      ],
    ],
    [
      'not-found',
      undefined,
      [
        'Not Found',
        'The item does not exist.',
        'No route matches',
        'There was no access token',
        'No permission template found',
        'There are no permissions groups with this id',
        'There is no access log for this user',
      ],
    ],
    [
      'unprocessable',
      'record-locked',
      [
        'This record is locked',
        'base: The commitment has been locked by the ERP integration',
        'Contract is synced with ERP and cannot be edited',
        'ERP integrated records cannot be modified',
      ],
    ],
    [
      'unprocessable',
      'origin-id-taken',
      [
        'origin_id: has already been taken',
        'updates.0.origin_id: must be unique',
        'Origin ID already exists in this company',
        'Duplicate origin_id',
      ],
    ],
    [
      'unprocessable',
      'not-in-project',
      [
        'cost_code: must exist',
        'The cost code does not exist in this project',
        'location_id: not found',
        'Location does not belong to the project',
        'wbs: Cost code is not part of this project',
      ],
    ],
    [
      'unprocessable',
      undefined,
      [
        "subject: can't be blank",
        'door_locked: is not a boolean',
        "lock_version: can't be blank",
        'subject: Which lock?',
        'status: cannot change from closed to draft',
        'origin_id: is too long (maximum is 255 characters)',
        'number: has already been taken',
        'origin_data: has already been taken',
        "location: can't be blank",
        'cost_code_id: is not a number',
        'vendor: must exist',
        'The ERP status is unknown',
        'Budget changes can only be created when the budget is locked',
        'The record can be changed until it is locked',
        'You cannot unlock a budget unless it is locked',
        'None of these records is locked',
        'Only contracts that are synced with ERP can be exported',
        'The commitment must be synced with ERP before it is paid',
        'The commitment has not been synced with ERP',
        'The commitment is not ERP-synced',
        'No vendor with this origin_id exists',
      ],
    ],
    ['conflict', 'origin-id-taken', ['origin_id: has already been taken']],
    ['conflict', undefined, ['number: has already been taken']],
    [
      'client-rejected',
      'redirect-uri-mismatch',
      [
        'The redirect uri included is not valid.',
        "The requested redirect uri is malformed or doesn't match client redirect URI.",
        'invalid_redirect_uri',
        'redirect_uri_mismatch',
        'redirect_uri is not registered with this app.',
        'the token endpoint refused this client: asked for a token, it answered 400 invalid_redirect_uri: redirect_uri is not registered',
      ],
    ],
    [
      'client-rejected',
      undefined,
      [
        'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
        'the token endpoint refused this client: asked for a token, it answered 401 invalid_client. Check clientId, clientSecret, redirectUri and environment; the refresh token of account "default" is kept.',
      ],
    ],
    [
      'reauthentication-required',
      'code-expired',
      ['The authorization code has expired', 'authorization code expired'],
    ],
    [
      'reauthentication-required',
      'code-invalid',
      [
        'The authorization code has already been used',
        'The authorization code is invalid or expired',
        'account "default" must be authorized anew: the authorization code is used or expired, or was asked for with another redirectUri (asked for a token, it answered 400 invalid_grant).',
      ],
    ],
    ['reauthentication-required', 'refresh-token-invalid', ['The refresh token is invalid']],
    ['reauthentication-required', 'redirect-uri-mismatch', ['redirect_uri does not match']],
    [
      'reauthentication-required',
      undefined,
      [
        'invalid_grant',
        // The text of RFC 6749, which many servers send for each of the causes that it names.
        'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
      ],
    ],
  ];
  const rows = told.flatMap(([kind, reason, texts]) => texts.map((text) => [kind, text, reason] as const));

  test.each(rows)('of %s: "%s" is %s', (kind, text, reason) => {
    expect(byText(kind, text)).toBe(reason);
    expect(byText(kind, 'Something else', text)).toBe(reason);
  });

  test.each(rows.filter(([, , reason]) => reason === undefined))(
    'of %s, without a status: "%s" shows no finer cause of that kind',
    (kind, text) => {
      const reason = reasonInMessage(text);
      expect(reason === undefined || !reasons[reason].kinds.includes(kind)).toBe(true);
    },
  );

  test.each([
    'database is locked',
    'SQLITE_BUSY: the file has been locked',
    'location: not found',
    'The user has no access to it',
    'You are not authorized to view it',
  ])('"%s" shows nothing where neither a status nor a kind is known, because others say the same', (text) => {
    expect(reasonInMessage(text)).toBeUndefined();
  });

  test.each<[text: string, reason: ProblemReason]>([
    ['Contract is synced with ERP and cannot be edited', 'record-locked'],
    ['cost_code_id: must exist', 'not-in-project'],
    ['Cost code not found', 'not-in-project'],
    ['The RFIs tool is not enabled in this project.', 'tool-disabled'],
  ])('"%s" shows its cause without a status, because nobody else says so', (text, reason) => {
    expect(reasonInMessage(text)).toBe(reason);
  });

  test('count for their own kinds only', () => {
    const all = rows.flatMap(([, text, reason]) => (reason === undefined ? [] : [[text, reason] as const]));
    for (const [text, reason] of all)
      for (const kind of Object.keys(problems) as ProblemKind[])
        if (!reasons[reason].kinds.includes(kind)) expect(byText(kind, text)).not.toBe(reason);
  });

  test('every reason has words or a context that show it', () => {
    const found = new Set(rows.map(([, , reason]) => reason));
    const elsewhere = Object.keys(reasons).filter((reason) => !found.has(reason as ProblemReason));
    expect(elsewhere).toEqual([
      'service-account',
      'company-header-absent',
      // What the package raises itself has its reason on the error.
      'no-tokens',
      'no-refresh-token',
      'refresh-response-lost',
      'code-response-lost',
    ]);
  });
});

describe('the context of the call', () => {
  const inProject: CallContext = {
    path: '/rest/v1.0/projects/12/rfis',
    isInProject: true,
    hasCompanyId: true,
    isServiceAccount: false,
  };
  const found = (kind: ProblemKind, context: Partial<CallContext>, ...messages: string[]) =>
    findReason({ kind, messages, call: { ...inProject, ...context } });

  test.each(['forbidden', 'not-found'] as const)(
    'a %s of a call of a company without Procore-Company-Id names the header',
    (kind) => {
      expect(found(kind, { hasCompanyId: false })).toBe('company-header-absent');
      expect(found(kind, { hasCompanyId: false }, 'Not Found')).toBe('company-header-absent');
      expect(found(kind, { hasCompanyId: true })).toBeUndefined();
    },
  );

  test.each(['/rest/v1.0/me', '/rest/v1.0/companies'])(
    '%s belongs to no company, but for a service account',
    (path) => {
      const context = { path, isInProject: false, hasCompanyId: false };
      expect(found('forbidden', context)).toBeUndefined();
      expect(found('forbidden', { ...context, isServiceAccount: true })).toBe('company-header-absent');
    },
  );

  test('a route that is none of the published API says nothing of the header', () => {
    expect(found('not-found', { path: '/internal/boards', hasCompanyId: false })).toBeUndefined();
  });

  test.each(['bad-request', 'unprocessable', 'server-error', 'unauthorized'] as const)(
    'a %s has other causes than the header, or the account',
    (kind) => {
      expect(found(kind, { hasCompanyId: false, isServiceAccount: true })).toBeUndefined();
    },
  );

  test.each(['forbidden', 'not-found'] as const)(
    'a %s of a service account in a project names the permitted projects, and one elsewhere does not',
    (kind) => {
      expect(found(kind, { isServiceAccount: true })).toBe('service-account');
      expect(found(kind, { isServiceAccount: false })).toBeUndefined();
      const company = { path: '/rest/v1.0/companies/8/users', isInProject: false, isServiceAccount: true };
      expect(found(kind, company)).toBeUndefined();
    },
  );

  test('the scope of a service account is its permitted projects, and that of a user is not', () => {
    const said = 'The resource is outside the scope of the user.';
    expect(found('forbidden', { isServiceAccount: true }, said)).toBe('project-not-permitted');
    expect(found('forbidden', { isServiceAccount: false }, said)).toBe('outside-access-scope');
    expect(found('forbidden', { isServiceAccount: true, isInProject: false }, said)).toBe(
      'outside-access-scope',
    );
  });

  test('what the answer says goes before what the context shows', () => {
    const context = { hasCompanyId: false, isServiceAccount: true };
    expect(found('forbidden', context, 'The RFIs tool is not enabled in this project.')).toBe(
      'tool-disabled',
    );
  });
});

test.each<[shape: string, kind: ProblemKind, reason: ProblemReason | undefined]>([
  ['permission-missing', 'forbidden', 'permission-missing'],
  ['tool-disabled', 'forbidden', 'tool-disabled'],
  ['forbidden-envelope', 'forbidden', 'outside-access-scope'],
  ['forbidden-html', 'forbidden', undefined],
  ['app-not-connected', 'app-not-connected', undefined],
  ['not-found', 'not-found', undefined],
  ['conflict', 'conflict', 'origin-id-taken'],
  ['unprocessable', 'unprocessable', undefined],
  ['unprocessable-text', 'unprocessable', undefined],
])("the emulator's answer %s (%s) is %s", (shape, kind, reason) => {
  expect(byText(kind, ...parseErrorBody(errorShapes[shape]!.body).messages)).toBe(reason);
});

describe('the catalogue of finer causes', () => {
  const rows = Object.entries(reasons);

  test('has a row for each, with what shows it', () => {
    expectTypeOf<keyof typeof reasons>().toEqualTypeOf<ProblemReason>();
    expect(Object.keys(shownBy)).toEqual(Object.keys(reasons));
  });

  test.each(rows)('%s is complete: kinds, sentences, and a page of Procore', (_, row) => {
    const { kinds, cause, remedy, docsUrl } = row;
    expect(kinds.length).toBeGreaterThan(0);
    for (const kind of kinds) expect(Object.hasOwn(problems, kind)).toBe(true);
    expect(cause).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
    expect(docsUrl).toMatch(/^https:\/\/developers\.procore\.com\/documentation\/content\/[\w-]+$/);
    for (const kind of kinds) expect(cause).not.toBe(problems[kind].cause);
  });
});
