import { describe, expect, test } from 'vitest';
import { emulate, get, getMe, manualClock, postRfi, postToken, refresh } from './support.js';

const company = { 'procore-company-id': '562949953421401' };
const challengeOf = (answer: Response) => answer.headers.get('www-authenticate');

describe('a 401 of the API', () => {
  test('is an empty HTML page whose reason is in the challenge', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    emulator.expire(access_token);
    const answer = await getMe(emulator, access_token);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toBe('');
    expect(challengeOf(answer)).toBe(
      'Bearer realm="Procore API", error="invalid_token", error_description="The access token expired"',
    );
  });

  test('tells expired, revoked, unknown and missing tokens apart', async () => {
    const emulator = await emulate();
    const expired = emulator.issue().access_token;
    const revoked = emulator.issue().access_token;
    emulator.expire(expired);
    emulator.revoke(revoked);
    expect(challengeOf(await getMe(emulator, expired))).toContain('The access token expired');
    expect(challengeOf(await getMe(emulator, revoked))).toContain('The access token was revoked');
    expect(challengeOf(await getMe(emulator, 'made-up'))).toContain('The access token is invalid');
    expect(challengeOf(await fetch(`${emulator.url}/rest/v1.0/me`))).toContain('The access token is invalid');
    expect(emulator.log.map(({ refusal }) => refusal)).toEqual(['expired', 'revoked', 'unknown', 'missing']);
    expect(emulator.counters.unauthorized).toBe(4);
  });

  test('comes the moment the life is over by the clock of the server', async () => {
    const clock = manualClock();
    const emulator = await emulate({ now: clock.now, accessTokenLifetimeSeconds: 2 });
    const { access_token } = emulator.issue();
    clock.advance(1999);
    expect((await getMe(emulator, access_token)).status).toBe(200);
    clock.advance(1);
    expect((await getMe(emulator, access_token)).status).toBe(401);
  });
});

describe('ending tokens by hand', () => {
  test('expire and revoke end the access token only', async () => {
    const emulator = await emulate();
    for (const end of [emulator.expire, emulator.revoke]) {
      const pair = emulator.issue();
      end(pair.access_token);
      expect(emulator.isLive(pair.access_token)).toBe(false);
      expect(emulator.isLive(pair.refresh_token as string)).toBe(true);
    }
    expect(emulator.counters.revocations).toBe(1);
  });

  test('without a token they end every live one', async () => {
    const emulator = await emulate();
    const pairs = [emulator.issue(), emulator.issue()];
    emulator.expire();
    expect(pairs.some(({ access_token }) => emulator.isLive(access_token))).toBe(false);
    const later = [emulator.issue(), emulator.issue()];
    emulator.revoke();
    expect(later.some(({ access_token }) => emulator.isLive(access_token))).toBe(false);
    expect(emulator.counters.revocations).toBe(2);
  });

  test.each(['access_token', 'refresh_token'] as const)(
    'revokeGrant of the %s revokes the pair',
    async (which) => {
      const emulator = await emulate();
      const pair = emulator.issue();
      emulator.revokeGrant(pair[which] as string);
      expect(emulator.isLive(pair.access_token)).toBe(false);
      expect((await refresh(emulator, pair.refresh_token)).status).toBe(400);
      expect(emulator.log.at(-1)?.outcome).toBe('revoked');
    },
  );

  test('an unknown token is a mistake of the test', async () => {
    const emulator = await emulate();
    for (const end of [emulator.expire, emulator.revoke, emulator.revokeGrant]) {
      expect(() => end('made-up')).toThrow('this emulator has not issued that token');
    }
  });
});

describe('the company header', () => {
  test('is asked for on company-scoped routes only', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const refused = await get(emulator, '/rest/v1.0/projects', access_token);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toMatch(/^Missing Procore-Company-Id header!/);
    expect((await get(emulator, '/rest/v1.0/projects', access_token, company)).status).toBe(200);
    expect((await get(emulator, '/rest/v1.0/me', access_token)).status).toBe(200);
    expect((await get(emulator, '/rest/v1.0/companies', access_token)).status).toBe(200);
    expect(emulator.log.map(({ companyId }) => companyId)).toEqual([
      undefined,
      company['procore-company-id'],
      undefined,
      undefined,
    ]);
  });

  test('is asked of a service account everywhere', async () => {
    const emulator = await emulate();
    const answer = await postToken(emulator, { grant_type: 'client_credentials' });
    const { access_token } = (await answer.json()) as { access_token: string };
    expect((await get(emulator, '/rest/v1.0/me', access_token)).status).toBe(400);
    expect((await get(emulator, '/rest/v1.0/me', access_token, company)).status).toBe(200);
  });

  test('can be switched off', async () => {
    const emulator = await emulate({ requireCompanyHeader: false });
    expect((await get(emulator, '/rest/v1.0/projects', emulator.issue().access_token)).status).toBe(200);
  });
});

describe('resources', () => {
  test('an RFI is created with its fields and listed afterwards', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue({ userId: 42 });
    const answer = await postRfi(emulator, access_token, { rfi: { subject: 'Which bolt?', due: 3 } });
    expect(answer.status).toBe(201);
    const rfi = (await answer.json()) as { id: number };
    expect(rfi).toMatchObject({ subject: 'Which bolt?', due: 3, number: '1', created_by: { id: 42 } });
    expect(rfi.id).toBeGreaterThan(2 ** 32);
    const bare = await postRfi(emulator, access_token, { subject: 'And which nut?' });
    expect(await bare.json()).toMatchObject({ subject: 'And which nut?', number: '2' });
    const list = await get(emulator, '/rest/v1.1/projects/7/rfis', access_token, company);
    expect(await list.json()).toMatchObject([{ subject: 'Which bolt?' }, { subject: 'And which nut?' }]);
    const other = await get(emulator, '/rest/v1.0/projects/8/rfis', access_token, company);
    expect(await other.json()).toEqual([]);
  });

  test('of a body that is neither JSON nor a form only type and length are returned', async () => {
    const emulator = await emulate({ requireCompanyHeader: false });
    const authorization = `Bearer ${emulator.issue().access_token}`;
    const answer = await fetch(`${emulator.url}/rest/v1.0/projects/7/rfis`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/octet-stream' },
      body: Buffer.from([0xff, 0xfe, 0x00]),
    });
    expect(await answer.json()).toMatchObject({
      content_type: 'application/octet-stream',
      content_length: 3,
    });
  });

  test('broken JSON is a 400', async () => {
    const emulator = await emulate({ requireCompanyHeader: false });
    const authorization = `Bearer ${emulator.issue().access_token}`;
    for (const body of ['{"a', '[1]', 'null']) {
      const answer = await fetch(`${emulator.url}/rest/v1.0/projects/7/rfis`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(400);
    }
  });

  test('the same write twice is a duplicate, another one is not', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    await postRfi(emulator, access_token, { subject: 'a' });
    await postRfi(emulator, access_token, { subject: 'b' });
    expect(emulator.counters.duplicateWrites).toBe(0);
    await postRfi(emulator, access_token, { subject: 'a' });
    expect(emulator.counters.duplicateWrites).toBe(1);
  });

  test('an unknown route is a 404, with a bearer or outside the API', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const answer = await get(emulator, '/rest/v1.0/nothing', access_token);
    expect([answer.status, await answer.json()]).toEqual([404, { message: 'Not Found' }]);
    expect((await fetch(`${emulator.url}/rest/v1.0/nothing`)).status).toBe(401);
    expect((await fetch(`${emulator.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${emulator.url}/oauth/token`)).status).toBe(404);
    expect(emulator.log.map(({ kind }) => kind)).toEqual(['api', 'api', 'other', 'other']);
  });
});

describe('a route', () => {
  test('has any minor version, and HEAD asks it for what GET would answer', async () => {
    const emulator = await emulate();
    const { access_token = '' } = emulator.issue();
    const me = await get(emulator, '/rest/v1.0/me', access_token);
    const head = await fetch(`${emulator.url}/rest/v1.1/me`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect([me.status, head.status, await head.text()]).toEqual([200, 200, '']);
    expect(Number(head.headers.get('content-length'))).toBe((await me.text()).length);
  });
});

describe('pagination', () => {
  test('walks by the next link to the last page', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    const names: string[] = [];
    const links: string[] = [];
    let path: string | undefined = '/rest/v1.0/projects?per_page=2&filter=x%20y';
    while (path !== undefined) {
      const answer: Response = await get(emulator, path, access_token, company);
      expect(answer.headers.get('total')).toBe('5');
      expect(answer.headers.get('per-page')).toBe('2');
      names.push(...((await answer.json()) as { name: string }[]).map(({ name }) => name));
      const link = answer.headers.get('link') ?? '';
      links.push([...link.matchAll(/rel="(\w+)"/g)].map(([, rel]) => rel).join(' '));
      const next = /<([^>]+)>; rel="next"/.exec(link)?.[1];
      expect(next ?? 'filter=x+y').toContain('filter=x+y');
      path = next?.slice(emulator.url.length);
    }
    expect(new Set(names).size).toBe(5);
    expect(links).toEqual(['last next', 'first prev last next', 'first prev']);
  });

  test('one page has no links, and nonsense means the defaults', async () => {
    const emulator = await emulate();
    const { access_token } = emulator.issue();
    for (const query of ['', '?page=0&per_page=-1', '?page=x&per_page=1e9']) {
      const answer = await get(emulator, `/rest/v1.0/projects${query}`, access_token, company);
      expect(answer.headers.has('link')).toBe(false);
      expect(answer.headers.get('per-page')).toBe('100');
      expect(await answer.json()).toHaveLength(5);
    }
  });

  test('a page has a thousand at the most, and there is a first page of nothing to go back to', async () => {
    const emulator = await emulate();
    const path = '/rest/v1.0/projects/7/rfis?page=2&per_page=5000';
    const answer = await get(emulator, path, emulator.issue().access_token, company);
    expect([answer.headers.get('per-page'), answer.headers.get('total')]).toEqual(['1000', '0']);
    expect(answer.headers.get('link')).toMatch(/page=1&per_page=1000>; rel="prev"/);
  });

  test('a page past the end is empty', async () => {
    const emulator = await emulate();
    const path = '/rest/v1.0/projects?page=9&per_page=3';
    const answer = await get(emulator, path, emulator.issue().access_token, company);
    expect(await answer.json()).toEqual([]);
    expect(answer.headers.get('link')).toMatch(/page=2&per_page=3>; rel="prev"/);
  });
});
