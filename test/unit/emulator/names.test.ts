import { request } from 'node:http';
import axios from 'axios';
import { describe, expect, test } from 'vitest';
import { attachProcore, memoryTokenStore } from '../../../src/index.js';
import type { Emulator } from '../../../src/emulator/index.js';
import { emulate } from './support.js';

/** Asks the emulator by another name, as a client in another container does. */
function askAs(emulator: Emulator, host: string, method: string, path: string, body = '') {
  const { port } = new URL(emulator.url);
  const headers = {
    host,
    authorization: `Bearer ${emulator.issue().access_token}`,
    'procore-company-id': '1',
    'content-type': 'application/json',
  };
  return new Promise<{ link: unknown; body: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      answer.on('end', () => resolve({ link: answer.headers.link, body: text }));
    });
    asked.on('error', reject).end(body);
  });
}

describe('an emulator that is reached by a name', () => {
  test('has links and presigned URLs under that name', async () => {
    const emulator = await emulate({ host: '0.0.0.0' });
    expect(new URL(emulator.url).hostname).toBe('127.0.0.1');
    const { link } = await askAs(emulator, 'procore:4100', 'GET', '/rest/v1.0/projects?per_page=2');
    expect(link).toContain('<http://procore:4100/rest/v1.0/projects?per_page=2&page=2>; rel="next"');
    const segments = [{ size: 0, sha256: '0'.repeat(64) }];
    const upload = '/rest/v1.1/projects/7/uploads';
    const { body } = await askAs(emulator, 'procore:4100', 'POST', upload, JSON.stringify({ segments }));
    const { port } = new URL(emulator.storageUrl);
    expect(body).toContain(`"url":"http://procore:${port}/uploads/`);
  });

  test('works with an environment that allows http by name, of which a warning tells', async () => {
    const emulator = await emulate();
    const { port } = new URL(emulator.url);
    // A name that is none of loopback: what it leads to is decided by the lookup, as in a network of containers.
    const named = `http://procore:${port}`;
    const api = axios.create({
      proxy: false,
      lookup: (
        _name: string,
        _options: object,
        done: (error: null, address: string, family: number) => void,
      ) => done(null, '127.0.0.1', 4),
    } as object);
    const told: string[] = [];
    const warn = (text: string) => void told.push(text);
    const quiet = () => undefined;
    const procore = attachProcore(api, {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: { loginUrl: named, apiUrl: named, allowHttp: true },
      store: memoryTokenStore(emulator.issue()),
      companyId: '1',
      logger: { debug: quiet, info: quiet, warn, error: quiet },
    });
    emulator.expire();
    await procore.renew();
    expect((await api.get<object[]>('/rest/v1.0/projects')).data).toHaveLength(5);
    expect(emulator.counters.exchanges).toBe(1);
    expect(told).toEqual([expect.stringContaining(`the tokens go to ${named} in the clear`)]);
  });

  test('by its own address on this machine needs no such thing', async () => {
    const emulator = await emulate({ host: 'localhost' });
    expect(emulator.environment).toEqual({ loginUrl: emulator.url, apiUrl: emulator.url });
    expect(new URL(emulator.url).hostname).toBe('localhost');
  });
});
