import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';
import type { Consumer } from '../support/packed.js';
import { createApplications, runNode, variablesFor, type Ended } from './support/applications.js';

/** Of an access token. The pause of the applications is longer: after it whatever token there was has expired. */
const lifeSeconds = 3;
const pauseSeconds = 3.2;
/** Two rounds of three callers, two calls each. */
const calls = 12;

interface Stage {
  emulator: Emulator;
  folder: string;
  tokens: TokenSet;
  /** Seconds between the rounds. */
  pause: string;
}

/** How an application is told where everything is, in its own way. */
interface Application {
  file: string;
  setUp(stage: Stage): { args?: string[]; env?: Record<string, string> };
}

const naive: Application = {
  file: 'naive-refresher.cjs',
  setUp({ emulator, folder, tokens, pause }) {
    const file = join(folder, 'app-tokens.json');
    writeFileSync(file, JSON.stringify(tokens));
    const client = { CLIENT_ID: emulator.clientId, CLIENT_SECRET: emulator.clientSecret };
    return {
      env: {
        TOKENS_FILE: file,
        API_URL: emulator.url,
        LOGIN_URL: emulator.url,
        ...client,
        PAUSE_SECONDS: pause,
      },
    };
  },
};
const everyCall: Application = {
  file: 'refresh-every-call.mjs',
  setUp: ({ emulator, tokens, pause }) => ({
    env: {
      OAUTH_HOST: emulator.url,
      API_HOST: emulator.url,
      APP_ID: emulator.clientId,
      APP_SECRET: emulator.clientSecret,
      COMPANY: '42',
      ACCESS_TOKEN: tokens.access_token,
      REFRESH_TOKEN: tokens.refresh_token!,
      PAUSE_SECONDS: pause,
    },
  }),
};
const proactive: Application = {
  file: 'proactive-no-mutex.cjs',
  setUp({ emulator, folder, tokens, pause }) {
    const { url, clientId, clientSecret } = emulator;
    const file = join(folder, 'config.json');
    const expires_at = tokens.created_at! + tokens.expires_in!;
    const config = {
      apiUrl: url,
      loginUrl: url,
      clientId,
      clientSecret,
      companyId: '42',
      pauseSeconds: Number(pause),
    };
    writeFileSync(file, JSON.stringify({ ...config, tokens: { ...tokens, expires_at } }));
    return { args: [file] };
  },
};
const perCall: Application = {
  file: 'instance-per-call.cjs',
  setUp: ({ emulator, folder, tokens, pause }) => ({
    env: {
      DB_FILE: join(folder, 'app.sqlite'),
      BASE_URL: emulator.url,
      AUTH_URL: emulator.url,
      CLIENT_ID: emulator.clientId,
      CLIENT_SECRET: emulator.clientSecret,
      FIRST_ACCESS_TOKEN: tokens.access_token,
      FIRST_REFRESH_TOKEN: tokens.refresh_token!,
      PAUSE_SECONDS: pause,
    },
  }),
};
const service: Application = {
  file: 'client-credentials-for-ever.mjs',
  setUp: ({ emulator, pause }) => ({
    env: {
      PROCORE_LOGIN: emulator.url,
      PROCORE_API: emulator.url,
      DMSA_KEY: emulator.clientId,
      DMSA_SECRET: emulator.clientSecret,
      DMSA_COMPANY: '42',
      PAUSE_SECONDS: pause,
    },
  }),
};
const refreshers = [naive, everyCall, proactive, perCall];

const consumers: Record<string, Consumer> = {};
beforeAll(async () => {
  const versions = ['axios', 'axios-0.27', 'axios-0.21'];
  const made = await Promise.all(versions.map((version) => createApplications(version)));
  versions.forEach((version, index) => (consumers[version] = made[index]!));
});
afterAll(() => Promise.all(Object.values(consumers).map((consumer) => consumer.remove())));

async function prepare({ onTestFinished }: TestContext, lifeSeconds: number): Promise<Stage> {
  const emulator = await startEmulator({
    accessTokenLifetimeSeconds: lifeSeconds,
    tokenFields: 'anywhere',
  });
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-application-'));
  onTestFinished(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  // Without the plugin nobody waits for the clock: the test says when a token has expired.
  const pause = lifeSeconds > pauseSeconds ? '0' : String(pauseSeconds);
  return { emulator, folder, tokens: emulator.issue(), pause };
}

function start(
  { file, setUp }: Application,
  stage: Stage,
  {
    flags = [],
    env = {},
    axios = 'axios',
  }: { flags?: string[]; env?: Record<string, string>; axios?: string } = {},
): Promise<Ended> {
  const own = setUp(stage);
  return runNode(consumers[axios]!.folder, [...flags, file, ...(own.args ?? [])], { ...own.env, ...env });
}

const summaryOf = ({ stdout }: Ended): { calls: number; succeeded: number; failed: string[] } =>
  JSON.parse(stdout.trim().split('\n').at(-1)!);

/** The first three calls of the second round are on their way when the token expires. */
async function expireInBetween(emulator: Emulator, running: Promise<unknown>): Promise<void> {
  let seen = 0;
  const held = emulator.misbehave({
    on: ({ path }) => path.startsWith('/rest/') && ++seen > calls / 2,
    times: 3,
    do: { kind: 'hold' },
  });
  await Promise.race([held.struck(3), running]);
  emulator.expire();
  held.release();
}

/**
 * Each of the first three refreshes is answered when all have arrived: none can have heard what became of the others. The first one is
 * answered first, and its new token used, before the others fail: what their callers do next does not hang on whose answer is read sooner.
 */
async function sideBySide(emulator: Emulator, running: Promise<unknown>): Promise<void> {
  const first = emulator.misbehave({ on: 'token', times: 1, do: { kind: 'hold' } });
  const others = emulator.misbehave({ on: 'token', times: 2, do: { kind: 'hold' } });
  await Promise.race([Promise.all([first.struck(1), others.struck(2)]), running]);
  const used = emulator.misbehave({
    on: ({ path }) => path.startsWith('/rest/'),
    times: 1,
    do: { kind: 'delay', ms: 0 },
  });
  first.release();
  await Promise.race([used.struck(1), running]);
  others.release();
}

describe.concurrent('without the plugin', () => {
  const ages = 5_400;

  test.for([naive, proactive, perCall])(
    '$file: of three callers that meet one expiry, two present a spent token and fail',
    async (application, context) => {
      const stage = await prepare(context, ages);
      const { emulator } = stage;
      // This one goes by what it has written down; the others hear it from the API.
      if (application === proactive) stage.tokens.created_at! -= ages;
      const running = start(application, stage);
      if (application !== proactive) void expireInBetween(emulator, running);
      await sideBySide(emulator, running);
      const ended = await running;
      expect(ended.code).toBe(0);
      expect(summaryOf(ended)).toEqual({
        calls,
        succeeded: calls - 2,
        failed: ['invalid_grant', 'invalid_grant'],
      });
      expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 2 });
    },
  );

  test('refresh-every-call.mjs: two of three callers present a spent token before there is any expiry', async (context) => {
    const stage = await prepare(context, ages);
    const running = start(everyCall, stage);
    await sideBySide(stage.emulator, running);
    const ended = await running;
    expect(ended.code).toBe(0);
    const { succeeded, failed } = summaryOf(ended);
    expect(succeeded + failed.length).toBe(calls);
    expect(failed.filter((reason) => reason === 'invalid_grant').length).toBeGreaterThanOrEqual(2);
    expect(stage.emulator.counters.spentPresentations).toBeGreaterThanOrEqual(2);
  });

  test('client-credentials-for-ever.mjs: works until its one token has expired, and never again', async (context) => {
    const stage = await prepare(context, ages);
    const running = start(service, stage);
    await expireInBetween(stage.emulator, running);
    expect(summaryOf(await running)).toEqual({
      calls,
      succeeded: calls / 2,
      failed: Array.from({ length: calls / 2 }, () => 'Request failed with status code 401'),
    });
    expect(stage.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: calls / 2 });
  });
});

const flagFor = (file: string) => (file.endsWith('.cjs') ? '--require' : '--import');
const through = (...flags: string[]) => flags.flatMap((flag) => [flag, 'axios-procore/register']);

/** Refreshes for which there was no need: more than a quarter of the token's life was left. */
function needless({ log }: Emulator, adopting: boolean) {
  const refreshes = log.filter(({ replaces }) => replaces !== undefined);
  return refreshes
    .slice(adopting ? 1 : 0)
    .filter(({ atMs, replaces }) => replaces!.expiresAtMs - atMs > 0.25 * lifeSeconds * 1000);
}

describe.concurrent('with axios-procore/register, and not a line changed', () => {
  interface Case {
    application: Application;
    flags: string[];
    axios: string;
    /** The tokens are in PROCORE_TOKEN_FILE before the first start; else the application brings its own. */
    seeded: boolean;
  }
  const cases: Case[] = [
    ...refreshers.map((application) => ({
      application,
      flags: [flagFor(application.file)],
      axios: 'axios',
      seeded: false,
    })),
    ...[naive, everyCall].map((application) => ({
      application,
      flags: ['--require', '--import'],
      axios: 'axios',
      seeded: true,
    })),
    ...[naive, proactive, perCall].map((application) => ({
      application,
      flags: ['--require'],
      axios: 'axios-0.27',
      seeded: application === proactive,
    })),
    { application: naive, flags: ['--require'], axios: 'axios-0.21', seeded: false },
  ];
  for (const { application, flags, axios, seeded } of cases) {
    const name = `${application.file} on ${axios} by ${flags.join(' and ')}${seeded ? ', its tokens put into the file' : ''}`;
    test(`${name}: each expiry costs one exchange, and no call fails`, async (context) => {
      const stage = await prepare(context, lifeSeconds);
      const { emulator, folder, tokens } = stage;
      const file = join(folder, 'procore.json');
      const expires_at = Date.now() / 1000 + lifeSeconds;
      if (seeded) writeFileSync(file, JSON.stringify({ ...tokens, expires_at }));
      const ended = await start(application, stage, {
        flags: through(...flags),
        env: { ...variablesFor(emulator), PROCORE_TOKEN_FILE: file },
        axios,
      });
      expect(ended.code).toBe(0);
      expect(summaryOf(ended)).toEqual({ calls, succeeded: calls, failed: [] });
      const { exchanges, spentPresentations } = emulator.counters;
      expect(spentPresentations).toBe(0);
      expect(exchanges).toBeGreaterThanOrEqual(1);
      expect(needless(emulator, !seeded)).toEqual([]);
      // Before the plugin has tokens of its own, an application that waits for a 401 has one for each caller.
      const refusals = emulator.log.filter(({ refusal }) => refusal === 'expired');
      expect(refusals.length).toBeLessThanOrEqual(seeded ? 0 : 3);
      // Said once, of a 401 that comes before there are any tokens; else nothing is said.
      expect(ended.stderr.split('\n').filter(Boolean)).toEqual(
        refusals.length > 0 ? [expect.stringContaining('no tokens are held')] : [],
      );
      const kept = JSON.parse(readFileSync(file, 'utf8')) as TokenSet;
      expect(emulator.isLive(kept.refresh_token!)).toBe(true);
    });
  }

  test.for(['--import', '--require'])(
    `${service.file} by %s: its own request is answered by the plugin, and the token is renewed when it expires`,
    async (flag, context) => {
      const stage = await prepare(context, lifeSeconds);
      const { emulator, folder } = stage;
      const file = join(folder, 'procore.json');
      const ended = await start(service, stage, {
        flags: through(flag),
        env: {
          ...variablesFor(emulator),
          PROCORE_GRANT: 'client_credentials',
          ...(flag === '--import' ? { PROCORE_TOKEN_FILE: file } : {}),
        },
      });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(summaryOf(ended)).toEqual({ calls, succeeded: calls, failed: [] });
      expect(emulator.counters).toMatchObject({ tokenRequests: 2, exchanges: 2, unauthorized: 0 });
      if (flag === '--import') {
        const kept = JSON.parse(readFileSync(file, 'utf8')) as TokenSet;
        expect(emulator.isLive(kept.access_token)).toBe(true);
      }
    },
  );
});
