// Uses the packed tarball on every Node that we promise to work with, ends with a table, and fails where something fails or where
// the results differ from docs/compatibility.md. The binaries are packages of the registry, for Linux on x64.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agrees, print } from './matrix-table.mjs';
import { succeeds } from './succeeds.mjs';

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(
    `test:node has Node binaries for linux x64 only; this is ${process.platform} ${process.arch}.`,
  );
  process.exit(1);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'test/node');
const must = (command, args, options) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
};
must('npm', ['ci', '--no-audit', '--no-fund'], { cwd: sources });

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(manifest.exports).map((path) => path.replace(/^\./, manifest.name));
const modules = entries.filter((entry) => !entry.endsWith('.json'));
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-nodes-'));
const each = (load) => modules.map(load).join('\n');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
/** With one worker each, as the versions run beside one another, and without the record of durations that they would share. */
const flow = ['run', '--project', 'flow', '--reporter=dot', '--maxWorkers=1', '--no-cache'];
const checks = [
  ['import', ['--input-type=module', '-e', each((entry) => `await import('${entry}');`)]],
  ['require', ['--input-type=commonjs', '-e', each((entry) => `require('${entry}');`)]],
  ['round trip, ES module', ['roundtrip.mjs']],
  ['round trip, CommonJS', ['roundtrip.cjs']],
  ['both in one process', ['mixed.mjs']],
  ['register', ['register.cjs']],
  ['flow tests', [vitest, ...flow], root],
];
const head = ['Node', ...checks.map(([what]) => what)];
let rows;
try {
  install();
  const names = readdirSync(join(sources, 'node_modules')).filter((name) => name.startsWith('node-'));
  rows = await Promise.all(names.map(row));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print(head, rows);
const good = rows.length > 0 && rows.flat().every((cell) => cell !== 'fails');
process.exitCode = agrees('node', head, rows) && good ? 0 : 1;

/** The tarball as a user has it; its dependencies are links to ours. */
function install() {
  must('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    stdio: 'ignore',
  });
  const installed = join(folder, 'node_modules', manifest.name);
  mkdirSync(installed, { recursive: true });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  must('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  // `pg` and `fs-native-extensions` are what the stores ask for.
  for (const name of [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  for (const name of ['roundtrip.mjs', 'roundtrip.cjs', 'mixed.mjs', 'register.cjs', 'steps.cjs']) {
    copyFileSync(join(sources, name), join(folder, name));
  }
}

async function row(name) {
  const node = join(sources, 'node_modules', name, 'bin/node');
  const version = spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim().slice(1);
  const cells = [];
  for (const [what, args, cwd = folder] of checks) {
    const went = await succeeds(`Node ${version}, ${what}`, node, args, { cwd, timeout: 900_000 });
    cells.push(went ? 'passes' : 'fails');
  }
  return [version, ...cells];
}
