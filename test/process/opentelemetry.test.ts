import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import type { Traced } from './support/traced-worker.js';

const script = fileURLToPath(new URL('./support/traced-worker.ts', import.meta.url));

test.each(['before', 'after'])(
  'called %s the SDK is started, it stands beside the instrumentation of HTTP: one span for each request, and no token anywhere',
  async (order) => {
    const emulator = await startEmulator();
    try {
      const tokens = emulator.issue();
      emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } });
      const child = fork(script, [emulator.url, order, JSON.stringify(tokens)], {
        execArgv: ['--import', 'tsx'],
      });
      const ended = once(child, 'exit');
      const told = await Promise.race([once(child, 'message'), ended]);
      const { spans, points, stopped } = told[0] as Traced;
      await ended;
      expect(spans.map(({ name, parent, events }) => [name, parent, events])).toEqual([
        ['GET', 'caller', []],
        ['GET', 'caller', []],
        ['caller', undefined, expect.arrayContaining(['procore.wait', 'procore.retry'])],
      ]);
      expect(
        spans.map(
          ({ attributes }) => attributes['http.status_code'] ?? attributes['http.response.status_code'],
        ),
      ).toEqual([500, 200, undefined]);
      const { count } = points['procore.client.call.duration']![0]!.value as { count: number };
      expect(count).toBe(1);
      expect(points['procore.client.retries']).toMatchObject([{ value: 1 }]);
      expect(stopped).toEqual(points);
      const text = JSON.stringify([spans, points]);
      for (const secret of [tokens.access_token, tokens.refresh_token!, 'emulator-secret'])
        expect(text).not.toContain(secret);
    } finally {
      await emulator.close();
    }
  },
);
