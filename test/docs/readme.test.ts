import axios from 'axios';
import nock from 'nock';
import { afterEach, expect, test, vi } from 'vitest';
import * as axiosProcore from '../../src/index.js';
import type { TokenSet } from '../../src/index.js';
import { examplesOf, read } from './support/pages.js';
import { runExample } from './support/run.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

afterEach(() => {
  nock.cleanAll();
  nock.restore();
  vi.unstubAllEnvs();
});

test('the example runs as it stands: production origins, an expired token, one renewal, saved before used', async () => {
  const { emulator, expired: old } = await startWithExpiredPair();
  vi.stubEnv('PROCORE_CLIENT_ID', emulator.clientId);
  vi.stubEnv('PROCORE_CLIENT_SECRET', emulator.clientSecret);
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '*');
  if (!nock.isActive()) nock.activate();
  // What goes to Procore lands on the emulator.
  for (const origin of ['https://login.procore.com', 'https://api.procore.com']) {
    for (const method of ['GET', 'POST']) {
      nock(origin)
        .persist()
        .intercept(/.*/, method)
        .reply(async function (path, body) {
          const headers = Object.fromEntries(
            Object.entries(this.req.headers)
              .filter(([name]) => /^(authorization|content-type|procore-company-id)$/i.test(name))
              .map(([name, value]) => [name, String(value)]),
          );
          const sent = method === 'POST' ? { body: body as string } : {};
          const answer = await fetch(emulator.url + path, { method, headers, ...sent });
          return [answer.status, await answer.text(), Object.fromEntries(answer.headers)];
        });
    }
  }

  const table = new Map<string, TokenSet>([['default', old]]);
  const usedWhenSaved: number[] = [];
  const tokens = {
    readTokens: async (account: string) => table.get(account),
    writeTokens: async (set: TokenSet, account: string) => {
      usedWhenSaved.push(emulator.counters.apiRequests);
      table.set(account, set);
    },
  };
  const [example] = examplesOf('README.md');
  const { projects, procore } = await runExample(
    example!,
    { axios: { ...axios, default: axios }, 'axios-procore': axiosProcore, './tokens.js': tokens },
    ['projects', 'procore'],
  );
  expect(projects).toHaveLength(5);
  expect(emulator.counters).toMatchObject({ exchanges: 1, apiRequests: 1, unauthorized: 0 });
  expect(emulator.log.at(-1)).toMatchObject({ path: '/rest/v1.0/projects', companyId: '562949953421401' });
  expect(usedWhenSaved).toEqual([0]);
  expect(table.get('default')?.refresh_token).not.toBe(old.refresh_token);
  expect((procore as axiosProcore.Procore).status()).toMatchObject({ state: 'fresh', unsaved: false });
  await emulator.close();
});

test('the example is about ten lines, and the two commands come first', () => {
  const [example] = examplesOf('README.md');
  const lines = example!.flatMap(({ code }) => code.split('\n')).filter((line) => line !== '');
  expect(lines.length).toBeLessThan(12);
  const [top] = read('README.md').split('\n## ');
  expect(top).toContain('npm install && npm run demo');
  expect(top).toContain('npm install && npm test');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(scripts).toMatchObject({ demo: expect.any(String), test: expect.any(String) });
});
