import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import axios from 'axios';
import type { Io } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/time/env.js';

/** What a command has done. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process. `opened` hears the URL that the browser is opened with; without it there is no browser. */
export async function command(
  args: readonly string[],
  {
    environment = {},
    input = '',
    opened,
    ...more
  }: {
    environment?: Record<string, string>;
    input?: string;
    opened?: (url: string) => void;
  } & Partial<Omit<Io, 'environment' | 'input' | 'open'>> = {},
): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await run(args, {
    environment,
    platform: process.platform,
    version: '1.2.3',
    env: systemEnv,
    isTerminal: { input: false, output: false, errors: false },
    input: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    waiting: () => () => undefined,
    async open(url) {
      if (!opened) throw new Error('no browser');
      opened(url);
    },
    createInstance: () => axios.create(),
    interrupted: new AbortController().signal,
    ...more,
  });
  return { code, out, err };
}

/** The emulator, and the settings that lead to it. */
export interface Place {
  readonly emulator: Emulator;
  readonly environment: Record<string, string>;
  readonly file: string;
  close(): Promise<void>;
}

export async function createPlace(options: EmulatorOptions = {}): Promise<Place> {
  const emulator = await startEmulator(options);
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-command-'));
  const file = join(folder, 'tokens.json');
  return {
    emulator,
    file,
    environment: {
      PROCORE_CLIENT_ID: emulator.clientId,
      PROCORE_CLIENT_SECRET: emulator.clientSecret,
      PROCORE_LOGIN_URL: emulator.url,
      PROCORE_API_URL: emulator.url,
      PROCORE_TOKEN_FILE: file,
    },
    async close() {
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Answers the consent page as a browser does, and follows the redirect. */
export async function consent(
  { emulator }: Pick<Place, 'emulator'>,
  url: string,
  answer: { deny?: boolean; userId?: number } = {},
): Promise<Response> {
  return fetch(emulator.authorize(url, answer).url!);
}
