import axios from 'axios';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import * as axiosProcore from '../../src/index.js';
import type { AxiosLike, Procore, ProcoreOptions, TokenSet } from '../../src/index.js';
import { examplesOf } from './support/pages.js';
import { runExample } from './support/run.js';

interface Session {
  state?: string;
  user: string;
}

/** The example of the browser, on an emulator; everything else is as it stands. */
async function runBrowserExample() {
  const emulator = await startEmulator({ redirectUris: ['https://app.example.com/callback'] });
  onTestFinished(() => emulator.close());
  const table = new Map<string, TokenSet>();
  const attachProcore = (instance: AxiosLike, options: ProcoreOptions): Procore => {
    const { clientId, clientSecret, environment } = emulator;
    return axiosProcore.attachProcore(instance, { ...options, clientId, clientSecret, environment });
  };
  const { begin, finish } = await runExample(
    examplesOf('docs/authorization.md')[0]!,
    {
      axios: { ...axios, default: axios },
      'axios-procore': { ...axiosProcore, attachProcore },
      'node:crypto': await import('node:crypto'),
      './tokens.js': {
        readTokens: (account: string) => table.get(account),
        writeTokens: (set: TokenSet, account: string) => void table.set(account, set),
      },
    },
    ['begin', 'finish'],
  );
  return {
    emulator,
    table,
    begin: begin as (session: Session) => string,
    finish: finish as (session: Session, query: URLSearchParams) => Promise<string>,
  };
}

test('the example of the browser runs as it stands: a user in, a wrong state out, a denial, a code that is no good', async () => {
  const { emulator, table, begin, finish } = await runBrowserExample();
  const session: Session = { user: 'ann' };
  const back = new URL(emulator.authorize(begin(session)).url!).searchParams;
  expect(await finish({ user: 'bob', state: 'another' }, back)).toBe('/refused');
  expect(await finish({ user: 'bob' }, new URLSearchParams('code=c'))).toBe('/refused');
  expect(emulator.counters.tokenRequests).toBe(0);
  expect(await finish(session, back)).toBe('/');
  expect(emulator.isLive(table.get('ann')!.access_token)).toBe(true);
  expect(await finish(session, back)).toBe('/refused');

  const denied = new URL(emulator.authorize(begin(session), { deny: true }).url!).searchParams;
  expect(await finish(session, denied)).toBe('/denied');

  begin(session);
  const madeUp = new URLSearchParams({ code: 'made-up', state: session.state! });
  expect(await finish(session, madeUp)).toBe('/try-again');
  expect([...table.keys()]).toEqual(['ann']);
});
