// Compiles consumers of the packed package with every TypeScript that we promise to work with, ends with a table, and fails where one
// does not compile, where an exemption is not needed any more, or where a result differs from docs/compatibility.md.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCells, modes, strictly } from '../test/types/cells.ts';
import { agrees, print } from './matrix-table.mjs';

const require = createRequire(import.meta.url);
const compilers = fileURLToPath(new URL('../test/types/compilers', import.meta.url));
const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: compilers, stdio: 'inherit' });
if (installed.status !== 0) process.exit(1);

const folders = [
  join(compilers, 'node_modules/typescript-5.0'),
  join(require.resolve('typescript/package.json'), '..'),
  join(compilers, 'node_modules/typescript-7'),
];
const versionOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
/** TypeScript 7 has no node10 any more. */
const knows = (version, mode) => mode !== 'node10' || parseInt(version, 10) < 7;

const { consumers, cells, remove } = await createCells();
const [{ folder: home }] = consumers;
const head = ['axios', 'resolution', ...folders.map((folder) => `TypeScript ${versionOf(folder)}`)];
let good = true;
const rows = [];
try {
  const found = new Map();
  for (const folder of folders) {
    for (const mode of Object.keys(modes)) {
      if (knows(versionOf(folder), mode)) compileAll(folder, mode, found);
    }
  }
  for (const { copy, mode, files } of cells) {
    const version = versionOf(fileURLToPath(new URL(`../node_modules/${copy}`, import.meta.url)));
    const verdicts = folders.map((folder) => found.get(`${folder} ${mode} ${copy}`) ?? 'no such resolution');
    good &&= verdicts.every((verdict) => verdict !== 'fails');
    rows.push([version, mode, ...verdicts.map((verdict) => told(verdict, files))]);
  }
} finally {
  await remove();
}
print(head, rows);
process.exitCode = agrees('types', head, rows) && good ? 0 : 1;

/** One run for all of axios: the library and Node's own declarations are checked once. */
function compileAll(compiler, mode, found) {
  const those = cells.filter((cell) => cell.mode === mode);
  const complaints = compile(
    compiler,
    mode,
    those.flatMap(({ files }) => files),
    {},
  );
  for (const { copy, proofs } of those) {
    const { folder } = consumers.find((consumer) => consumer.copy === copy);
    const own = complaints.filter(
      (line) => line.startsWith(folder) || line.includes(`node_modules/${copy}/`),
    );
    // In the proof itself: what is wrong within axios's declarations proves nothing about a consumer.
    const idle = proofs.filter(
      (proof) =>
        !compile(compiler, mode, [proof], { skipLibCheck: true, types: [] }).some((line) =>
          line.startsWith(proof),
        ),
    );
    for (const line of own) console.error(line);
    for (const proof of idle) console.error(`${proof} compiles: the exemption is not needed any more`);
    found.set(`${compiler} ${mode} ${copy}`, own.length + idle.length > 0 ? 'fails' : 'compiles');
  }
  const others = complaints.filter((line) =>
    consumers.every(
      ({ folder, copy }) => !line.startsWith(folder) && !line.includes(`node_modules/${copy}/`),
    ),
  );
  for (const line of others) console.error(line);
  good &&= others.length === 0;
}

/** What a compiler says of some files, with absolute paths. */
function compile(compiler, mode, files, more) {
  if (files.length === 0) return [];
  const project = join(home, 'tsconfig.json');
  writeFileSync(
    project,
    JSON.stringify({ compilerOptions: { ...strictly, ...modes[mode].options, ...more }, files }),
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(compiler, 'bin/tsc'), '-p', project, '--pretty', 'false'],
    { cwd: home, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status === 0) return [];
  const lines = stdout.split('\n').filter((line) => /error TS\d+/.test(line));
  if (lines.length === 0) throw new Error(`${compiler}: ${stdout}${stderr}`);
  return lines.map((line) => join(line.startsWith('/') ? '' : home, line));
}

function told(verdict, files) {
  if (verdict !== 'compiles') return verdict;
  if (files.length === 0) return 'axios itself fails';
  return files.some((file) => /\/create\.\w+$/.test(file)) ? verdict : 'no default export';
}
