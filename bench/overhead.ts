/**
 * What a call costs on the straight path (token fresh, nothing fails), on an adapter that answers at once: the plugin against bare axios,
 * axios-retry, and axios-retry plus an interceptor that sets a bearer. Machines differ and drift, so the figures are ratios to bare axios,
 * each taken within one round; the order within a round is drawn anew.
 */
import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import axiosRetry from 'axios-retry';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';

const options = new Command('bench')
  .option('--rounds <number>', 'measured rounds', positive, 200)
  .option('--calls <number>', 'calls per candidate and round', positive, 500)
  .option('--warm-up <number>', 'rounds before the measured ones', positive, 20)
  .allowExcessArguments(false)
  .parse()
  .opts<{ rounds: number; calls: number; warmUp: number }>();

/** The aim of the project; a ratio to bare axios. */
const aim = 1.2;
const token = 'a-bearer-of-some-length-as-tokens-are'.repeat(10);

const answerAtOnce: AxiosAdapter = (config) =>
  Promise.resolve({ data: '{"id":1}', status: 200, statusText: 'OK', headers: {}, config, request: {} });

function stubbed(): AxiosInstance {
  return axios.create({ baseURL: 'https://api.procore.com', adapter: answerAtOnce });
}

function withRetry(): AxiosInstance {
  const instance = stubbed();
  axiosRetry(instance, { retries: 4 });
  return instance;
}

function withRetryAndBearer(): AxiosInstance {
  const instance = withRetry();
  instance.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${token}`);
    config.headers.set('Procore-Company-Id', '42');
    return config;
  });
  return instance;
}

function withPlugin(): AxiosInstance {
  const instance = stubbed();
  attachProcore(instance, {
    clientId: 'client',
    clientSecret: 'secret',
    companyId: '42',
    store: memoryTokenStore({
      access_token: token,
      refresh_token: 'refresh',
      expires_in: 5_400,
      created_at: Math.floor(Date.now() / 1000),
    }),
  });
  return instance;
}

const candidates: Record<string, AxiosInstance> = {
  'bare axios': stubbed(),
  'axios-retry': withRetry(),
  'axios-retry + bearer': withRetryAndBearer(),
  'axios-procore': withPlugin(),
};

/** Microseconds per call. */
async function measure(instance: AxiosInstance, calls: number): Promise<number> {
  const startedAt = performance.now();
  for (let call = 0; call < calls; call++) await instance.get('/rest/v1.0/me');
  return ((performance.now() - startedAt) * 1000) / calls;
}

async function round(): Promise<Record<string, number>> {
  const costs: Record<string, number> = {};
  for (const name of shuffled(Object.keys(candidates))) {
    costs[name] = await measure(candidates[name]!, options.calls);
  }
  return costs;
}

for (let done = 0; done < options.warmUp; done++) await round();
const rounds: Record<string, number>[] = [];
for (let done = 0; done < options.rounds; done++) rounds.push(await round());

const ratioOf = (name: string) => rounds.map((costs) => costs[name]! / costs['bare axios']!);
const table = new Table({
  head: ['', 'µs per call (median)', 'ratio to bare (median)', 'quartiles'],
  colAligns: ['left', 'right', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
for (const name of Object.keys(candidates)) {
  const ratios = ratioOf(name);
  table.push([
    name,
    quantile(
      rounds.map((costs) => costs[name]!),
      0.5,
    ).toFixed(1),
    quantile(ratios, 0.5).toFixed(3),
    `${quantile(ratios, 0.25).toFixed(3)} – ${quantile(ratios, 0.75).toFixed(3)}`,
  ]);
}
console.log(
  `axios ${axios.VERSION}, Node ${process.version}, ${options.rounds} rounds of ${options.calls} calls`,
);
console.log(table.toString());

const plugin = quantile(ratioOf('axios-procore'), 0.5);
const rival = quantile(ratioOf('axios-retry + bearer'), 0.5);
console.log(`aim: at most ${aim}: ${plugin <= aim ? 'met' : 'missed'} (${plugin.toFixed(3)})`);
console.log(`aim: below axios-retry + bearer (${rival.toFixed(3)}): ${plugin < rival ? 'met' : 'missed'}`);

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)]!;
}

function positive(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}
