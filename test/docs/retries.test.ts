import axios, { AxiosError, type AxiosAdapter } from 'axios';
import { expect, test } from 'vitest';
import { startEmulator, type Emulator, type FaultAction } from '../../src/emulator/index.js';
import { attachProcore, memoryTokenStore } from '../../src/index.js';
import { rowsUnder } from './support/pages.js';

const answer = (status: number, headers?: Record<string, string>): FaultAction => ({
  kind: 'answer',
  status,
  headers,
});
const soon = { 'Retry-After': '0' };
const toApi = ({ path }: { path: string }) => path.startsWith('/rest/');

/** How a call fails the first time: by a fault of the emulator, by its token, or in the adapter with a code of axios. */
type Way = FaultAction | 'revoked' | 'ECONNREFUSED' | 'ECONNABORTED';

/** What lets each row of docs/retries.md happen, in each of the ways that it names. */
const ways: ReadonlyMap<string, readonly Way[]> = new Map<string, readonly Way[]>([
  ['429', [answer(429, soon)]],
  ['503 with `Retry-After`', [answer(503, soon)]],
  [
    '500, 502, 504 and other 5xx; 503 without `Retry-After`',
    [500, 502, 504, 507, 503].map((status) => answer(status)),
  ],
  ['connection lost or cut, time-out', [{ kind: 'drop' }, { kind: 'cut' }, 'ECONNABORTED']],
  ['no connection was made (refused, DNS, TLS set-up)', ['ECONNREFUSED']],
  ['401', ['revoked']],
  ['anything else', [answer(400), answer(404), answer(409), answer(422)]],
]);

/** How often a call was sent that fails so the first time. */
async function attempts(emulator: Emulator, method: string, way: Way): Promise<number> {
  const http = axios.getAdapter('http');
  let failure = typeof way === 'string' && way !== 'revoked' ? way : undefined;
  const adapter: AxiosAdapter = async (config) => {
    if (failure === undefined) return http(config);
    const code = failure;
    failure = undefined;
    throw new AxiosError(code === 'ECONNABORTED' ? 'timeout of 1000ms exceeded' : code, code, config);
  };
  const api = axios.create({ baseURL: emulator.url, proxy: false, adapter });
  const procore = attachProcore(api, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    store: memoryTokenStore(emulator.issue()),
    companyId: '562949953421401',
    retry: { baseDelayMs: 1 },
  });
  await procore.getAccessToken();
  if (way === 'revoked') emulator.revoke();
  const fault = typeof way === 'object' ? emulator.misbehave({ on: toApi, do: way }) : undefined;
  let sent = 0;
  procore.on('request-settled', (told) => (sent = told.attempts));
  await api.request({ method, url: '/rest/v1.0/projects/1/rfis', data: { rfi: { subject: 'x' } } }).catch(
    () => undefined, // not all are repeated, and what is repeated need not succeed
  );
  fault?.remove();
  procore.detach();
  return sent;
}

const rows = rowsUnder('docs/retries.md', '# Retries').map(([what = '', repeated = '']) => [what, repeated]);

test('the table of docs/retries.md has the rows that are tried here', () => {
  expect(rows.map(([what]) => what)).toEqual([...ways.keys()]);
});

test.each(rows)('docs/retries.md is right of: %s, repeated: %s', async (what, repeated) => {
  const emulator = await startEmulator();
  try {
    for (const way of ways.get(what)!) {
      const sent = { get: await attempts(emulator, 'get', way), post: await attempts(emulator, 'post', way) };
      const get = repeated === 'no' ? 1 : 2;
      const post = repeated.startsWith('every method') ? 2 : 1;
      expect([way, sent]).toEqual([way, { get, post }]);
    }
  } finally {
    await emulator.close();
  }
});
