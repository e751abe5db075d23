import { describe, expect, test } from 'vitest';
import { reasons } from '../../src/failure/reasons.js';
import type { Problem, ProcoreOptions } from '../../src/index.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const rfis = '/rest/v1.0/projects/1/rfis';

function refusing(h: Harness, status: number, body: object = {}): void {
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status, body } });
}

async function problemOf(h: Harness, url: string, config: object = {}): Promise<Problem> {
  return (await caught(h.instance.get(url, config))).procore as Problem;
}

const service = { grant: 'client_credentials', store: undefined } satisfies Partial<ProcoreOptions>;

describe('what the answer says', () => {
  test.each([
    [403, { errors: 'You do not have permission to access this resource.' }, 'permission-missing'],
    [403, { message: 'The RFIs tool is not enabled in this project.' }, 'tool-disabled'],
    [403, { errors: ['You do not have sufficient access to complete that action.'] }, 'permission-or-tool'],
    [
      403,
      { error: { code: 'FORBIDDEN', message: 'Forbidden', details: [{ message: 'Outside the scope' }] } },
      'outside-access-scope',
    ],
    [404, { message: 'Not found, or you do not have access to it.' }, 'no-read-access'],
    [422, { errors: { base: ['is locked by the ERP integration'] } }, 'record-locked'],
    [422, { errors: { origin_id: ['has already been taken'] } }, 'origin-id-taken'],
    [409, { errors: { origin_id: ['has already been taken'] } }, 'origin-id-taken'],
    [422, { errors: { cost_code: ['must exist'] } }, 'not-in-project'],
  ] as const)('of a %i is the cause and the remedy: %j', async (status, body, reason) => {
    await using h = await createHarness();
    refusing(h, status, body);
    const { cause, remedy, docsUrl } = reasons[reason];
    expect(await problemOf(h, rfis)).toMatchObject({ status, reason, cause, remedy, docsUrl });
  });

  test.each([
    [403, { errors: 'Forbidden' }],
    [403, {}],
    [404, { message: 'Not Found' }],
    [422, { errors: { subject: ["can't be blank"] } }],
    [500, { message: 'The tool is disabled' }],
  ])('a %i that says no more than that (%j) has the general cause', async (status, body) => {
    await using h = await createHarness({ options: { retry: false } });
    refusing(h, status, body);
    const problem = await problemOf(h, rfis);
    expect(problem).not.toHaveProperty('reason');
    expect(problem.status).toBe(status);
  });
});

describe('the call itself', () => {
  test.each([403, 404])('without Procore-Company-Id is a cause of a %i', async (status) => {
    await using h = await createHarness({ options: { companyId: undefined } });
    refusing(h, status);
    expect(await problemOf(h, rfis)).toMatchObject({ reason: 'company-header-absent' });
    refusing(h, status);
    const headers = { 'procore-company-id': '42' };
    expect(await problemOf(h, rfis, { headers })).not.toHaveProperty('reason');
    refusing(h, status);
    expect(await problemOf(h, rfis, { procore: { companyId: 42 } })).not.toHaveProperty('reason');
    refusing(h, status);
    expect(await problemOf(h, '/rest/v1.0/me')).not.toHaveProperty('reason');
  });

  test.each([
    [rfis, {}],
    ['/rest/v1.0/checklist/lists?project_id=1', {}],
    ['/rest/v1.0/checklist/lists', { params: { project_id: 1 } }],
    ['/rest/v1.0/checklist/lists', { params: new URLSearchParams({ project_id: '1' }) }],
  ])('of a service account in a project (%s) names the permitted projects', async (url, config) => {
    await using h = await createHarness({ options: service });
    for (const status of [403, 404]) {
      refusing(h, status);
      const problem = await problemOf(h, url, config);
      expect(problem).toMatchObject({ status, reason: 'service-account' });
      expect(problem.remedy).toContain('Permitted Projects');
    }
    refusing(h, 403, { errors: 'You do not have access to this project' });
    expect(await problemOf(h, url, config)).toMatchObject({ reason: 'project-not-permitted' });
  });

  test('of a service account outside of a project, and one with a bearer of its own, has the general cause', async () => {
    await using h = await createHarness({ options: service });
    refusing(h, 403);
    expect(await problemOf(h, '/rest/v1.0/companies/42/users')).not.toHaveProperty('reason');
    refusing(h, 403);
    expect(await problemOf(h, rfis, { procore: { auth: false } })).not.toHaveProperty('reason');
    // axios sends neither of these values.
    for (const project_id of [undefined, null]) {
      refusing(h, 403);
      const config = { params: { project_id } };
      expect(await problemOf(h, '/rest/v1.0/checklist/lists', config)).not.toHaveProperty('reason');
    }
  });

  test('of a user in a project has the general cause', async () => {
    await using h = await createHarness();
    refusing(h, 403);
    expect(await problemOf(h, rfis)).not.toHaveProperty('reason');
  });
});

describe('what this package raises itself', () => {
  test('has the reason of the error as that of its problem', async () => {
    await using h = await createHarness({ authorized: false });
    const error = await caught(h.env.drive(h.instance.get(rfis)));
    const { cause, remedy } = reasons['no-tokens'];
    expect(error.procore).toMatchObject({
      kind: 'reauthentication-required',
      reason: 'no-tokens',
      cause,
      remedy,
    });
  });

  test('a redirect URI that the login host refuses is a rejected client, is told as such, and costs no refresh token', async () => {
    await using h = await createHarness({ options: { redirectUri: 'https://app.example.com/cb/' } });
    const tokens = h.store.sets.get('default')!;
    h.env.jump(6_000_000);
    h.emulator.misbehave({
      on: 'token',
      do: {
        kind: 'answer',
        status: 400,
        body: { error: 'invalid_redirect_uri', error_description: 'The redirect uri included is not valid.' },
      },
    });
    const error = await caught(h.env.drive(h.instance.get(rfis)));
    expect(error.procore).toMatchObject({ kind: 'client-rejected', reason: 'redirect-uri-mismatch' });
    expect(h.store.sets.get('default')).toEqual(tokens);
    expect(JSON.stringify(error.procore)).not.toContain(tokens.refresh_token);
  });
});
