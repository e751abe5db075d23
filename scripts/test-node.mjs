// Uses the packed tarball on every Node that we promise to work with, ends with a table, and fails where something fails or where
// docs/compatibility.md tells something else. The binaries are packages of the registry, for Linux on x64.
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
const head = [
  'Node',
  'import',
  'require',
  'round trip, ES module',
  'round trip, CommonJS',
  'both in one process',
  'register',
  'flow tests',
];
const rows = [];
try {
  install();
  for (const name of readdirSync(join(sources, 'node_modules')).filter((one) => one.startsWith('node-'))) {
    const node = join(sources, 'node_modules', name, 'bin/node');
    const version = spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim().slice(1);
    console.log(`\nNode ${version}`);
    rows.push([
      version,
      runs(node, [
        '--input-type=module',
        '-e',
        modules.map((entry) => `await import('${entry}');`).join('\n'),
      ]),
      runs(node, ['--input-type=commonjs', '-e', modules.map((entry) => `require('${entry}');`).join('\n')]),
      runs(node, ['roundtrip.mjs']),
      runs(node, ['roundtrip.cjs']),
      runs(node, ['mixed.mjs']),
      runs(node, ['register.cjs']),
      runs(
        node,
        [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'flow', '--reporter=dot'],
        root,
      ),
    ]);
  }
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

function runs(node, args, cwd = folder) {
  const { status } = spawnSync(node, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 300_000,
  });
  return status === 0 ? 'passes' : 'fails';
}
