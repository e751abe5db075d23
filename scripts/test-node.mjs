// Uses the packed tarball on every Node that we promise to work with, on Bun and on Deno, ends with a table, and fails where something fails
// or where the results differ from docs/compatibility.md. The binaries are packages of the registry, for Linux on x64.
// `npm run test:node -- --newest` runs the flow tests on the newest Node only.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agrees, notLookedAt, print } from './matrix-table.mjs';
import { outcomeOf } from './succeeds.mjs';
import { startPostgres } from '../test/stores/support/postgres-server.ts';
import { startRedis } from '../test/stores/support/redis-server.ts';

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`test:node has binaries for linux x64 only; this is ${process.platform} ${process.arch}.`);
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
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
/** With one worker each, as the versions run beside one another, and without the record of durations that they would share. */
const flow = ['run', '--project', 'flow*', '--reporter=dot', '--maxWorkers=1', '--no-cache'];
const checks = [
  ['every entry point by `import`', ['import.mjs']],
  ['every entry point by `require`', ['require.cjs']],
  ['renewal, replay, retry, pacing, emulator, as an ES module', ['calls.mjs']],
  ['the same as CommonJS', ['calls.cjs']],
  ['both in one process', ['mixed.mjs']],
  ['file store, ES module', ['roundtrip.mjs']],
  ['file store, CommonJS', ['roundtrip.cjs']],
  ['file store, four processes', ['fleet.mjs']],
  ['file store, `lock: false`', ['unlocked.mjs']],
  ['Redis (`ioredis`, `redis`) and PostgreSQL', ['stores.mjs']],
  ['command', ['command.cjs']],
  ['register', ['register.cjs']],
  ['flow tests', [vitest, ...flow], root],
];
const installedAs = (name) => join(sources, 'node_modules', name);
const versionIn = (name) => JSON.parse(readFileSync(join(installedAs(name), 'package.json'), 'utf8')).version;
const { dependencies } = JSON.parse(readFileSync(join(sources, 'package.json'), 'utf8'));
const nodes = Object.keys(dependencies).filter((name) => name.startsWith('node-'));
/** What each is called, its version, its program, and what goes before the file that it runs. */
const runtimes = [
  ...nodes.map((name) => ['Node', versionIn(name), join(installedAs(name), 'bin/node'), []]),
  ['Bun', versionIn('bun'), join(installedAs('bun'), 'bin/bun'), []],
  ['Deno', versionIn('deno'), join(installedAs('deno'), 'deno'), ['run', '-A']],
];
/** The first sentence of whatever does not work on Bun or Deno. */
const refusal = /does not work on (Bun|Deno)/;
const firstNode = runtimes[0][2];
const withFlow = process.argv.includes('--newest') ? [nodes.at(-1)] : nodes.slice(1);
const programsWithFlow = withFlow.map((name) => join(installedAs(name), 'bin/node'));
let columns;
process.env['AXIOS_PROCORE_REQUIRE_SERVERS'] = '1';
const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
const env = { ...process.env, REDIS_URL: redis.url, DATABASE_URL: postgres.url, FIRST_NODE: firstNode };
try {
  install();
  columns = await Promise.all(runtimes.map(column));
} finally {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([redis.stop(), postgres.stop()]);
}
const head = ['', ...runtimes.map(([what, version]) => `${what} ${version}`)];
const rows = checks.map(([what], at) => [what, ...columns.map((cells) => cells[at])]);
print(head, rows);
const good = rows.flat().every((cell) => cell !== 'fails');
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
  const programs = readdirSync(sources).filter((name) => /\.[cm]js$/.test(name));
  for (const name of programs) copyFileSync(join(sources, name), join(folder, name));
  const loading = (load) => modules.map(load).join('\n');
  writeFileSync(
    join(folder, 'import.mjs'),
    loading((entry) => `await import('${entry}');`),
  );
  writeFileSync(
    join(folder, 'require.cjs'),
    loading((entry) => `require('${entry}');`),
  );
  // Deno looks for packages beside the nearest manifest.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
}

async function column([what, version, program, before]) {
  const cells = [];
  for (const [check, args, cwd = folder] of checks) {
    // The tools of these tests are made for Node: nock, the garbage collector by name.
    if (cwd === root && what !== 'Node') {
      cells.push('not run');
      continue;
    }
    if (cwd === root && program === firstNode) {
      cells.push('`npm test`');
      continue;
    }
    if (cwd === root && !programsWithFlow.includes(program)) {
      cells.push(notLookedAt);
      continue;
    }
    // Ends what hangs, however slow the machine is.
    const options = { cwd, env, timeout: 3_600_000 };
    const title = `${what} ${version}, ${check}`;
    const { succeeded, refuses } = await outcomeOf(title, program, [...before, ...args], options, refusal);
    cells.push(succeeded ? 'passes' : refuses ? 'says so' : 'fails');
  }
  return cells;
}
