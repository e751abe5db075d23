import http from 'node:http';
import https from 'node:https';
import axios from 'axios';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { afterEach, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { systemEnv } from '../../src/time/env.js';
import { memoryTokenStore } from '../../src/store/memory.js';

const open = { rejectUnauthorized: false };
const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
afterEach(() => {
  if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
});

function attached(defaults: object, apiUrl?: string) {
  const warnings: string[] = [];
  const write = () => undefined;
  const instance = axios.create({
    baseURL: apiUrl ?? 'https://api.procore.com',
    // Sends nothing.
    adapter: (config) => Promise.resolve({ status: 200, statusText: 'OK', data: {}, headers: {}, config }),
    ...defaults,
  });
  const procore = createAttach(systemEnv, {})(instance, {
    clientId: 'client',
    clientSecret: 'secret-of-the-client',
    ...(apiUrl ? { environment: { loginUrl: apiUrl, apiUrl } } : {}),
    store: memoryTokenStore({ access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 5400 }),
    logger: { debug: write, info: write, error: write, warn: (message: string) => warnings.push(message) },
  });
  return {
    instance,
    procore,
    told: () => warnings.filter((message) => message.includes('rejectUnauthorized')),
  };
}

test.each<[string, () => object]>([
  ['an agent of the defaults', () => ({ httpsAgent: new https.Agent(open) })],
  [
    'a proxy agent of the defaults',
    () => ({ httpsAgent: new HttpsProxyAgent('http://127.0.0.1:9', open as object) }),
  ],
  ['the options of HTTP/2', () => ({ http2Options: open })],
])('%s that checks no certificate is told of at the attach, and once', async (_, defaults) => {
  const { instance, told } = attached(defaults());
  expect(told()).toHaveLength(1);
  await instance.get('/rest/v1.0/me');
  await instance.get('/rest/v1.0/me');
  expect(told()).toHaveLength(1);
});

test('an agent that a call brings, or that the defaults get later, is told of before that call is sent', async () => {
  const { instance, told } = attached({});
  await instance.get('/rest/v1.0/me');
  expect(told()).toHaveLength(0);
  let toldBefore = -1;
  instance.interceptors.request.use((config) => {
    config.httpsAgent = new https.Agent(open);
    config.adapter = (sent) => {
      toldBefore = told().length;
      return Promise.resolve({ status: 200, statusText: 'OK', data: {}, headers: {}, config: sent });
    };
    return config;
  });
  await instance.get('/rest/v1.0/me');
  expect(toldBefore).toBe(1);
});

test('a process that checks no certificate is told of, but not where the agent does', () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  expect(attached({}).told()).toHaveLength(1);
  expect(attached({ httpsAgent: new https.Agent({ rejectUnauthorized: true }) }).told()).toHaveLength(0);
});

test.each<[string, object, string?]>([
  ['no agent', {}],
  ['an agent with a certificate of its own', { httpsAgent: new https.Agent({ ca: 'pem' }) }],
  ['an agent for http', { httpAgent: new http.Agent() }],
  ['an emulator on this machine', { httpsAgent: new https.Agent(open) }, 'http://127.0.0.1:9'],
])('nothing is told of %s', async (_, defaults, apiUrl) => {
  const { instance, told } = attached(defaults, apiUrl);
  await instance.get('/rest/v1.0/me');
  expect(told()).toHaveLength(0);
});
