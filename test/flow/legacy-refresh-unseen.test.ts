import axios, { type AxiosError } from 'axios';
import { describe, expect, test } from 'vitest';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import type { TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { refreshForm, takingOver } from '../support/legacy.js';
import { settled } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const setup = { options: takingOver, authorized: false };

/** The messages of the warnings so far. */
function warnings(h: Harness): unknown[] {
  return h.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail['message']);
}

/** A refresh by an axios that is not attached. */
async function refreshUnseen(h: Harness, refreshToken: string): Promise<TokenSet> {
  const url = `${h.emulator.environment.loginUrl}/oauth/token`;
  const form = refreshForm(h, refreshToken).toString();
  return (await axios.post<TokenSet>(url, form, { proxy: false })).data;
}

/** The application has tokens of its own, which have expired: its call is answered 401. Returns these tokens. */
async function refusedOnce(h: Harness): Promise<TokenSet> {
  const own = h.emulator.issue();
  h.emulator.revoke(own.access_token);
  const { response } = await caught(h.instance.get(me, bearer(own.access_token)));
  expect(response!.status).toBe(401);
  return own;
}

/** The application makes the call again with this token, and is answered. */
async function repeated(h: Harness, { access_token }: TokenSet): Promise<void> {
  expect((await h.instance.get(me, bearer(access_token))).status).toBe(200);
  await settled();
}

test('an application whose interceptor refreshes by an axios that is not attached is warned once, without a token in the text', async () => {
  await using h = await createHarness(setup);
  let own = h.emulator.issue();
  const used = [own];
  h.instance.interceptors.response.use(undefined, async (error: AxiosError) => {
    if (error.response?.status !== 401) throw error;
    own = await refreshUnseen(h, own.refresh_token!);
    used.push(own);
    return h.instance.get(me, bearer(own.access_token));
  });
  for (const _time of [1, 2]) {
    h.emulator.revoke(own.access_token);
    h.env.jump(60_000);
    expect((await h.instance.get(me, bearer(own.access_token))).status).toBe(200);
    await settled();
  }
  expect(used).toHaveLength(3);
  expect(warnings(h)).toEqual([
    expect.stringMatching(/by requests that no attached instance makes.*attachProcore\(axios, options\)/),
  ]);
  expect(h.told.find(({ event }) => event === 'warning')!.detail['code']).toBe('legacy-refresh');
  for (const { access_token, refresh_token } of used) {
    expect(h.logged.join('\n')).not.toContain(access_token);
    expect(h.logged.join('\n')).not.toContain(refresh_token);
  }
});

test('of calls that were refused together, one that is refused after the refresh does not hide it', async () => {
  await using h = await createHarness(setup);
  const own = await refusedOnce(h);
  h.env.jump(1_000);
  const renewed = await refreshUnseen(h, own.refresh_token!);
  h.env.jump(2_000);
  expect((await caught(h.instance.get(me, bearer(own.access_token)))).response!.status).toBe(401);
  await repeated(h, renewed);
  expect(warnings(h)).toHaveLength(1);
});

test('where each user is an account, the refresh of a user of whom no tokens are held is warned of', async () => {
  await using h = await createHarness({ ...setup, options: { ...takingOver, account: accountBySubject } });
  await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
  const own = await refusedOnce(h);
  await repeated(h, await refreshUnseen(h, own.refresh_token!));
  expect(warnings(h)).toContainEqual(expect.stringContaining('no attached instance makes'));
});

test('the server’s clock may be far from that of this machine', async () => {
  await using h = await createHarness({ ...setup, skewMs: 600_000 });
  const own = await refusedOnce(h);
  await repeated(h, await refreshUnseen(h, own.refresh_token!));
  expect(warnings(h)).toHaveLength(1);
});

describe('there is no warning of an unseen refresh', () => {
  test('where the axios of the refresh is attached with the same store', async () => {
    await using h = await createHarness(setup);
    const own = await refusedOnce(h);
    const { instance } = h.attach();
    const { data } = await instance.post<TokenSet>('/oauth/token', refreshForm(h, own.refresh_token!));
    await repeated(h, data);
    expect(warnings(h)).toEqual([]);
  });

  test('where an attached instance has made a token request of the application before, be it for another user', async () => {
    await using h = await createHarness({ ...setup, options: { ...takingOver, account: accountBySubject } });
    const other = h.emulator.issue({ userId: 2 });
    await h.env.drive(h.instance.post('/oauth/token', refreshForm(h, other.refresh_token!)));
    const own = await refusedOnce(h);
    await repeated(h, await refreshUnseen(h, own.refresh_token!));
    expect(warnings(h)).toEqual([expect.stringContaining('a bearer of a user of whom no tokens are held')]);
  });

  test('where the attached instance refreshes as another client, whose requests are not taken over', async () => {
    await using h = await createHarness({ ...setup, options: { ...takingOver, clientId: 'another-client' } });
    const own = await refusedOnce(h);
    const { data } = await h.instance.post<TokenSet>('/oauth/token', refreshForm(h, own.refresh_token!));
    await repeated(h, data);
    expect(warnings(h)).toEqual([]);
  });

  test('without takeOverRefresh', async () => {
    await using h = await createHarness({ ...setup, options: {} });
    await h.procore.setTokens(h.emulator.issue({ userId: 2 }));
    const own = await refusedOnce(h);
    await repeated(h, await refreshUnseen(h, own.refresh_token!));
    expect(warnings(h)).toEqual([expect.stringContaining('a bearer of another user')]);
  });

  test('where the new token comes so late that a person may have logged in', async () => {
    await using h = await createHarness(setup);
    await refusedOnce(h);
    h.env.jump(12_000);
    await repeated(h, h.emulator.issue());
    expect(warnings(h)).toEqual([]);
  });

  test('where the next call brings the token of another user', async () => {
    await using h = await createHarness(setup);
    await refusedOnce(h);
    await repeated(h, h.emulator.issue({ userId: 2 }));
    expect(warnings(h)).toEqual([]);
  });

  test('where the next call brings an older token of the same user, from another log-in', async () => {
    await using h = await createHarness(setup);
    const older = h.emulator.issue();
    h.env.jump(2_000);
    await refusedOnce(h);
    await repeated(h, older);
    expect(warnings(h)).toEqual([]);
  });

  test('where another process has taken the refresh over, and saved the new tokens', async () => {
    await using h = await createHarness(setup);
    const own = await refusedOnce(h);
    const renewed = await refreshUnseen(h, own.refresh_token!);
    h.store.sets.set('default', renewed);
    await repeated(h, renewed);
    expect(warnings(h)).toEqual([]);
  });

  test('where the store cannot be read, and the call does not fail for it', async () => {
    await using h = await createHarness(setup);
    const own = await refusedOnce(h);
    h.store.onLoad = () => Promise.reject(new Error('down'));
    await repeated(h, await refreshUnseen(h, own.refresh_token!));
    expect(h.store.log.filter((line) => line === 'load default').length).toBeGreaterThan(1);
    expect(warnings(h)).toEqual([]);
  });

  test('where the application has given the new tokens to setTokens', async () => {
    await using h = await createHarness(setup);
    const own = await refusedOnce(h);
    const renewed = await refreshUnseen(h, own.refresh_token!);
    await h.procore.setTokens(renewed);
    await repeated(h, renewed);
    expect(warnings(h)).toEqual([]);
  });
});
