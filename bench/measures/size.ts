/** How much there is to load, and how long that takes. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { SizeFigures, SizeRow } from '../report/size.js';
import { median, shuffled, spreadOf } from '../support/statistics.js';
import type { Run } from './measure.js';

const packages = [
  'axios-retry',
  'axios-auth-refresh',
  'axios-token-interceptor',
  'axios-rate-limit',
  '@procore/js-sdk',
  'axios-procore',
];
const root = fileURLToPath(new URL('../../', import.meta.url));
const importer = fileURLToPath(new URL('../processes/import-time.mjs', import.meta.url));
const turnsPerRound = 3;

export async function measureSize({ rounds, say }: Run): Promise<SizeFigures> {
  const starts = new Map<string, Start[]>(packages.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    say(`size: round ${round}`);
    for (let turn = 0; turn < turnsPerRound; turn++)
      for (const name of shuffled(packages)) starts.get(name)!.push(await takeStart(name));
  }
  const rowOf = async (name: string): Promise<SizeRow> => ({
    package: name,
    ...(await sizeOf(name)),
    importMs: median(starts.get(name)!.map(({ axiosMs, ownMs }) => axiosMs + ownMs)),
    toAxios: spreadOf(starts.get(name)!.map(({ axiosMs, ownMs }) => (axiosMs + ownMs) / axiosMs)),
  });
  return { rows: await Promise.all(packages.map(rowOf)) };
}

interface Start {
  readonly axiosMs: number;
  readonly ownMs: number;
}

/** Imports axios and then a package, in a new process. */
async function takeStart(name: string): Promise<Start> {
  const { stdout } = await promisify(execFile)(process.execPath, [importer, name]);
  const [axiosMs, ownMs] = JSON.parse(stdout) as [number, number];
  return { axiosMs, ownMs };
}

/** Of a package and all that it loads of its own, minified: without axios, axios-retry and jwt-decode. */
export async function sizeOf(name: string): Promise<{ minifiedBytes: number; gzippedBytes: number }> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${name}';`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    external: ['axios', 'jwt-decode', ...(name === 'axios-retry' ? [] : ['axios-retry'])],
    write: false,
    logLevel: 'error',
  });
  const { contents } = outputFiles[0]!;
  return { minifiedBytes: contents.length, gzippedBytes: gzipSync(contents).length };
}
