import * as crypto from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { attachProcore, memoryTokenStore } from '../../src/index.js';
import { examplesOf, root } from './support/pages.js';
import { runExample } from './support/run.js';

// A proxy of this machine is nothing to servers on 127.0.0.1.
beforeAll(() => {
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '*');
});
afterAll(() => void vi.unstubAllEnvs());

test('the upload of docs/uploads.md runs as it stands: the bytes reach the storage, which gets no token', async () => {
  const emulator = await startEmulator();
  try {
    const api = axios.create({ proxy: false });
    attachProcore(api, {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store: memoryTokenStore(emulator.issue()),
      companyId: '562949953421401',
    });
    const file = path.join(root, 'LICENSE');
    const { upload } = await runExample(
      examplesOf('docs/uploads.md')[0]!,
      {
        axios: { ...axios, default: axios },
        'node:crypto': crypto,
        'node:fs/promises': fs,
        'node:path': path,
      },
      ['upload'],
    );
    const send = upload as (api: AxiosInstance, projectId: string, path: string) => Promise<string>;
    const uuid = await send(api, '562949953422001', file);
    expect(Buffer.from(emulator.file(uuid)!)).toEqual(await fs.readFile(file));
    expect(emulator.counters.unauthorized).toBe(0);
    const { data } = await api.post<{ attachments: unknown[] }>('/rest/v1.0/punch_items', {
      project_id: 562949953422001,
      punch_item: { name: 'Look at the licence', upload_ids: [uuid] },
    });
    expect(data.attachments).toHaveLength(1);
  } finally {
    await emulator.close();
  }
});
