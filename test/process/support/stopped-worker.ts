/** A process that is stopped, or keeps itself busy, for longer than it waits for anything; its rows are kept by the parent, over HTTP. */
import axios from 'axios';
import { attachProcore } from '../../../src/attach/attach.js';
import type { TokenSet } from '../../../src/store/store.js';

export type StoppedTask = 'renew' | 'call' | 'exchange' | 'code' | 'deadline';
export interface StoppedReport {
  readonly outcome: string;
  readonly events: readonly string[];
}

const [url, rows, task, patience, code] = process.argv.slice(2) as [
  string,
  string,
  StoppedTask,
  string,
  string,
];
const patienceMs = Number(patience);
const events: string[] = [];
const quiet = () => undefined;

const instance = axios.create({ baseURL: url, proxy: false });
const procore = attachProcore(instance, {
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  environment: { loginUrl: url, apiUrl: url },
  store: {
    load: async () => ((await (await fetch(rows)).json()) ?? undefined) as TokenSet | undefined,
    async save(tokens) {
      await fetch(rows, { method: 'PUT', body: JSON.stringify(tokens) });
    },
  },
  renewal: {
    answerTimeoutMs: patienceMs,
    timeoutMs: patienceMs,
    storeTimeoutMs: patienceMs,
    resendAfterLostAnswer: 0,
  },
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  ...(task === 'exchange' && {
    exchange: async (grant) => {
      const form = new URLSearchParams({ client_id: 'emulator-client', client_secret: 'emulator-secret' });
      for (const [name, value] of Object.entries(grant))
        form.set(name === 'type' ? 'grant_type' : name, value);
      return (await (await fetch(`${url}/oauth/token`, { method: 'POST', body: form })).json()) as TokenSet;
    },
  }),
});
for (const event of [
  'token-renewed',
  'token-renewal-failed',
  'token-save-failed',
  'reauthentication-required',
] as const)
  procore.on(event, () => void events.push(event));

const work: Record<StoppedTask, () => Promise<unknown>> = {
  renew: () => procore.renew(),
  exchange: () => procore.renew(),
  call: () => instance.get('/rest/v1.0/me'),
  deadline: () => instance.get('/rest/v1.0/me', { procore: { deadlineMs: patienceMs } }),
  code: () => procore.exchangeCode({ code, redirectUri: 'http://localhost:3000/callback' }),
};

process.on('message', (message: { busyMs: number } | 'begin') => {
  if (message !== 'begin') {
    process.send!('busy');
    const untilMs = Date.now() + message.busyMs;
    return setImmediate(() => {
      while (Date.now() < untilMs);
    });
  }
  void work[task]().then(
    () => report('done'),
    ({ code, reason, message }: { code?: string; reason?: string; message: string }) =>
      report(`${code ?? ''} ${reason ?? ''} ${message}`),
  );
});
function report(outcome: string): void {
  process.send!({ outcome, events } satisfies StoppedReport);
  process.disconnect();
}
process.send!('ready');
