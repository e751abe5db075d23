import axios from 'axios';
import nock from 'nock';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as axiosProcore from '../../src/index.js';
import type { TokenSet } from '../../src/index.js';
import { problems } from '../../src/failure/catalogue.js';
import * as fileStore from '../../src/store/file.js';
import { command, consent, createPlace, type Place } from '../support/command.js';
import { examplesOf, read } from './support/pages.js';
import { runExample } from './support/run.js';

let place: Place;
/** Called with each request that reaches Procore, before it is answered. */
let arrives: (path: string, bearer: string) => void;
beforeEach(async () => {
  place = await createPlace();
  arrives = () => undefined;
  for (const name of ['PROCORE_CLIENT_ID', 'PROCORE_CLIENT_SECRET', 'PROCORE_TOKEN_FILE'])
    vi.stubEnv(name, place.environment[name]);
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '*');
  const { emulator } = place;
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
          arrives(path, String(headers['authorization']).replace('Bearer ', ''));
          const sent = method === 'POST' ? { body: body as string } : {};
          const answer = await fetch(emulator.url + path, { method, headers, ...sent });
          return [answer.status, await answer.text(), Object.fromEntries(answer.headers)];
        });
    }
  }
});
afterEach(async () => {
  nock.cleanAll();
  nock.restore();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await place.close();
});

/** Logs the first user in, as the README says. */
async function logIn(): Promise<void> {
  const { PROCORE_LOGIN_URL: _login, PROCORE_API_URL: _api, ...environment } = place.environment;
  const opened = (url: string) => void consent(place, url);
  const { code } = await command(['login'], { environment, opened });
  expect(code).toBe(0);
}

/** Runs the program for Procore with the catch behind it; what it has written to the console and which variables it has. */
async function runProgram() {
  const told: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((...texts) => void told.push(texts.join(' ')));
  const [, program] = examplesOf('README.md');
  const modules = {
    axios: { ...axios, default: axios },
    'axios-procore': axiosProcore,
    'axios-procore/stores/file': fileStore,
  };
  const { projects, procore } = await runExample(program!, modules, ['projects', 'procore']);
  return { told, projects, procore: procore as axiosProcore.Procore };
}

const saved = () => JSON.parse(readFileSync(place.file, 'utf8')) as TokenSet;

test('after the log-in of the command the program finds its tokens, and keeps the pair of a renewal where they were', async () => {
  await logIn();
  const first = saved();
  const { emulator } = place;
  emulator.expire();
  const savedWhenUsed: unknown[] = [];
  arrives = (path, bearer) => {
    if (path === '/rest/v1.0/projects' && bearer !== first.access_token)
      savedWhenUsed.push([bearer, saved().access_token]);
  };
  const { counters } = emulator;
  const before = { ...counters };
  const { projects, procore } = await runProgram();
  expect(projects).toHaveLength(5);
  expect(counters.exchanges - before.exchanges).toBe(1);
  expect(emulator.log.filter(({ path }) => path === '/rest/v1.0/projects').at(-1)).toMatchObject({
    companyId: '562949953421401',
  });
  expect(savedWhenUsed).toEqual([[saved().access_token, saved().access_token]]);
  expect(saved().refresh_token).not.toBe(first.refresh_token);
  expect(procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
});

test('the catch tells what to do where Procore refuses the call', async () => {
  await logIn();
  place.emulator.misbehave({
    on: ({ path }) => path === '/rest/v1.0/projects/7',
    do: {
      kind: 'answer',
      status: 403,
      headers: { 'x-request-id': 'request-7' },
      body: { message: 'App is not connected to this company' },
    },
  });
  const { told } = await runProgram();
  const { cause, remedy } = problems['app-not-connected'];
  expect(told).toEqual([`${cause} ${remedy} request-7`]);
});

test('the catch tells the reason where only the user can go on', async () => {
  await logIn();
  arrives = (path, bearer) => {
    if (path === '/rest/v1.0/projects/7') place.emulator.revokeGrant(bearer);
  };
  const { told } = await runProgram();
  expect(told).toEqual(['Only the user can go on, by a new log-in: refresh-token-invalid']);
});

test('the catch tells the time of a limit that opens later than a call may wait', async () => {
  await logIn();
  place.emulator.setRateLimits({ spike: { limit: 1, windowSeconds: 3600 } });
  const { told } = await runProgram();
  const [, when = ''] = /^Not sent\. Try again at (.+)$/.exec(told.join('\n')) ?? [];
  const inMs = new Date(when).getTime() - Date.now();
  expect(inMs).toBeGreaterThan(3_000_000);
  expect(inMs).toBeLessThanOrEqual(3_602_000);
});

test('README is short, begins with the two commands, and names the tarball that npm pack makes', () => {
  const page = read('README.md');
  expect(page.split('\n').length).toBeLessThan(150);
  const top = page.split('\n## Install')[0]!;
  const { name, version, scripts } = JSON.parse(read('package.json')) as {
    name: string;
    version: string;
    scripts: Record<string, string>;
  };
  for (const script of ['demo', 'test']) {
    expect(scripts).toHaveProperty(script);
    expect(top).toMatch(
      new RegExp(`^npm install && npm ${script === 'test' ? '' : 'run '}${script}( +#.*)?$`, 'm'),
    );
  }
  expect(page).toContain(`${name}-${version}.tgz`);
  // A picture that is not larger than it looks.
  expect(read('docs/demo.svg').length).toBeLessThan(60_000);
});
