// Runs the built plugin, with an axios of its own, in applications with another one, and ends with a table. Fails where something does not
// hold, or where a result differs from docs/compatibility.md. `npm run test:copies -- 1.7` runs the applications whose axios begins so; then
// the table is not compared.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { agrees, print } from './matrix-table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'test/copies');
const read = (path) => JSON.parse(readFileSync(join(root, path)));
const versionOf = (copy) => read(`node_modules/${copy}/package.json`).version;
/** For each axios that the plugin may have for its own: those of applications, one of each kind. */
const pairs = Object.entries(read('test/copies/pairs.json')).flatMap(([plugin, apps]) =>
  apps.map((app) => ({ app, plugin })),
);
/** What a library beside the application has: of the other major version. */
const libraryOf = (app) => (versionOf(app).startsWith('0.') ? 'axios-1.7' : 'axios-0.27');
const kinds = [
  ['attach', 'mjs'],
  ['attach', 'cjs'],
  ['register', 'mjs'],
  ['register', 'cjs'],
];
const head = [
  'axios of the application',
  'axios of the plugin',
  'attach, ES module',
  'attach, CommonJS',
  'register, ES module',
  'register, CommonJS',
];

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const chosen = pairs.filter(({ app }) => wanted.every((word) => versionOf(app).startsWith(word)));
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-copies-'));
const faults = [];
let rows;
try {
  for (const plugin of new Set(chosen.map(({ plugin }) => plugin))) installPlugin(plugin);
  for (const pair of chosen) installApplication(pair);
  const bare = new Map();
  const cells = chosen.flatMap((pair) => kinds.map(([kind, format]) => ({ ...pair, kind, format })));
  const apps = new Map(chosen.map((pair) => [pair.app, pair]));
  await inParallel(
    [...apps.values()].flatMap((pair) => ['mjs', 'cjs'].map((format) => ({ ...pair, kind: 'bare', format }))),
    async (cell) => bare.set(`${cell.app} ${cell.format}`, await run(cell)),
  );
  await inParallel(cells, async (cell) => {
    cell.passed = judge(cell, await run(cell), bare.get(`${cell.app} ${cell.format}`));
  });
  rows = chosen.map((pair) => [
    versionOf(pair.app),
    versionOf(pair.plugin),
    ...cells
      .filter(({ app, plugin }) => app === pair.app && plugin === pair.plugin)
      .map(({ passed }) => (passed ? 'passes' : 'fails')),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
print(head, rows);
const good = rows.length > 0 && faults.length === 0;
process.exitCode = good && (wanted.length > 0 || agrees('copies', head, rows)) ? 0 : 1;

/** As a package manager hoists it in a workspace: the plugin with its axios above, the applications with theirs below. */
function installPlugin(plugin) {
  const home = join(folder, plugin, 'node_modules');
  const installed = join(home, 'axios-procore');
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const name of ['axios-retry', 'jwt-decode', 'fs-native-extensions']) link(name, join(home, name));
  link(plugin, join(home, 'axios'));
}

function installApplication({ app, plugin }) {
  const place = join(folder, plugin, app);
  link(app, join(place, 'node_modules/axios'));
  const library = join(place, 'node_modules/library');
  link(libraryOf(app), join(library, 'node_modules/axios'));
  writeFileSync(join(library, 'index.js'), `module.exports = require('axios');\n`);
  for (const name of readdirSync(sources)) cpSync(join(sources, name), join(place, name));
}

function link(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(root, 'node_modules', from), to, 'junction');
}

async function run({ app, plugin, kind, format }) {
  const place = join(folder, plugin, app);
  const socket = createServer();
  await once(socket.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${socket.address().port}`;
  const file = join(mkdtempSync(join(place, 'tokens-')), 'procore.json');
  const variables = {
    PROCORE_CLIENT_ID: 'id',
    PROCORE_CLIENT_SECRET: 'secret',
    PROCORE_LOGIN_URL: url,
    PROCORE_API_URL: url,
    PROCORE_COMPANY_ID: '42',
    PROCORE_TOKEN_FILE: file,
  };
  const child = fork(join(place, `app.${format}`), [kind], {
    cwd: place,
    execArgv: kind === 'register' ? ['--require', 'axios-procore/register'] : [],
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: '1',
      ...(kind === 'register' ? variables : {}),
    },
    // Ends one that hangs, on whatever machine.
    timeout: 300_000,
  });
  let result;
  child.on('message', (message) => (result = message));
  child.send('socket', socket, () => socket.close());
  const [code] = await once(child, 'exit');
  return code === 0 ? result : undefined;
}

function judge({ app, plugin, kind, format }, result, bare) {
  const label = `axios ${versionOf(app)}, plugin with ${versionOf(plugin)}, ${kind}, ${format}`;
  if (!bare) return !faults.push(`${label}: the application without the plugin ended before its time`);
  const told = result ? [...result.wrong] : ['it ended before its time'];
  for (const name of result ? Object.keys({ ...bare.away, ...result.away }) : [])
    for (const difference of differences(steady(result.away[name]), steady(bare.away[name])))
      told.push(`${name}: not as on a bare instance: ${difference}`);
  faults.push(...told.map((one) => `${label}: ${one}`));
  return told.length === 0;
}

/** Where two values differ, and how. */
function differences(one, other, path = '') {
  if (isDeepStrictEqual(one, other)) return [];
  const isBranch = (value) => typeof value === 'object' && value !== null;
  if (!isBranch(one) || !isBranch(other))
    return [`${path} is ${JSON.stringify(one)} instead of ${JSON.stringify(other)}`];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => differences(one[name], other[name], `${path}.${name}`));
}

/** Without ports, and without the boundary that each form gets anew. */
function steady(value) {
  return JSON.parse(
    JSON.stringify(value ?? null)
      .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
      .replaceAll(/(-+)[\w-]*?(axios-[\d.]+-)?boundary-[\w-]+|-{20,}\w+|formdata-undici-\d+/gi, 'BOUNDARY'),
  );
}

async function inParallel(cells, work) {
  const rest = [...cells];
  await Promise.all(
    // One more than there are cores: each waits for its own time-outs now and then.
    Array.from({ length: availableParallelism() + 1 }, async () => {
      for (let cell = rest.shift(); cell; cell = rest.shift()) await work(cell);
    }),
  );
}
