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
  const starts: Map<string, number>[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`size: round ${round}`);
    for (let turn = 0; turn < turnsPerRound; turn++) starts.push(await takeStarts());
  }
  const rowOf = async (name: string): Promise<SizeRow> => ({
    package: name,
    ...(await sizeOf(name)),
    importMs: median(starts.map((turn) => turn.get(name)!)),
    toAxios: spreadOf(starts.map((turn) => turn.get(name)! / turn.get('axios')!)),
  });
  return { rows: await Promise.all(packages.map(rowOf)) };
}

/** Imports each package in a new process, in an order that is drawn. */
async function takeStarts(): Promise<Map<string, number>> {
  const taken = new Map<string, number>();
  for (const name of shuffled(['axios', ...packages])) {
    const names = name === 'axios' ? [name] : ['axios', name];
    const { stdout } = await promisify(execFile)(process.execPath, [importer, ...names]);
    taken.set(name, Number(stdout));
  }
  return taken;
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
