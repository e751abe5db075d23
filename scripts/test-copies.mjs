// Runs the packed plugin, with an axios of its own, in applications with another one, and ends with a table. Fails where something does not
// hold. `npm run test:copies -- 1.7` runs the applications whose axios begins so.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { print } from './matrix-table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => JSON.parse(readFileSync(join(root, path)));
const versionOf = (copy) => read(`node_modules/${copy}/package.json`).version;
const inOrder = (a, b) => versionOf(a).localeCompare(versionOf(b), 'en', { numeric: true });
/** Every axios among our dependencies. */
const copies = Object.keys(read('package.json').devDependencies)
  .filter((name) => /^axios(-\d[\d.]*)?$/.test(name))
  .sort(inOrder);
/** What the plugin has for its own: the newest, and one of each kind before. */
const ofPlugin = ['axios', 'axios-1.7', 'axios-0.27'];
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
const chosen = copies.filter((copy) => wanted.every((word) => versionOf(copy).startsWith(word)));
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-copies-'));
const faults = [];
let rows;
try {
  for (const plugin of ofPlugin) install(plugin);
  const bare = new Map();
  const cells = chosen.flatMap((app) =>
    ofPlugin.flatMap((plugin) => kinds.map(([kind, format]) => ({ app, plugin, kind, format }))),
  );
  await inParallel(
    chosen.flatMap((app) =>
      ['mjs', 'cjs'].map((format) => ({ app, plugin: ofPlugin[0], kind: 'bare', format })),
    ),
    async (cell) => bare.set(`${cell.app} ${cell.format}`, await run(cell)),
  );
  await inParallel(cells, async (cell) => {
    cell.passed = judge(cell, await run(cell), bare.get(`${cell.app} ${cell.format}`));
  });
  rows = chosen.flatMap((app) =>
    ofPlugin.map((plugin) => [
      versionOf(app),
      versionOf(plugin),
      ...cells
        .filter((cell) => cell.app === app && cell.plugin === plugin)
        .map(({ passed }) => (passed ? 'passes' : 'fails')),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
print(head, rows);
const good = rows.length > 0 && faults.length === 0;
process.exitCode = good ? 0 : 1;

/** As a package manager hoists it: the plugin with its axios above, the applications with theirs below. */
function install(plugin) {
  const home = join(folder, plugin, 'node_modules');
  const installed = join(home, 'axios-procore');
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  const link = (from, to) => {
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(join(root, 'node_modules', from), to, 'junction');
  };
  for (const name of ['axios-retry', 'jwt-decode', 'fs-native-extensions']) link(name, join(home, name));
  link(plugin, join(home, 'axios'));
  for (const app of copies) {
    const place = join(folder, plugin, app);
    link(app, join(place, 'node_modules/axios'));
    for (const name of ['run', 'servers', 'elsewhere', 'procore'])
      cpSync(join(root, `test/copies/${name}.cjs`), join(place, `${name}.cjs`));
    const start = 'run({ axios, plugin }).catch((error) => { console.error(error); process.exit(1); });\n';
    writeFileSync(
      join(place, 'app.cjs'),
      `const axios = require('axios');\nconst plugin = process.argv[2] === 'attach' ? require('axios-procore') : undefined;\nconst run = require('./run.cjs');\n${start}`,
    );
    writeFileSync(
      join(place, 'app.mjs'),
      `import axios from 'axios';\nimport run from './run.cjs';\nconst plugin = process.argv[2] === 'attach' ? await import('axios-procore') : undefined;\n${start}`,
    );
  }
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

      ...(kind === 'register' ? variables : {}),
    },
    timeout: 60_000,
  });
  let result;
  child.on('message', (message) => (result = message));
  child.send('socket', socket, () => socket.close());
  const [code] = await once(child, 'exit');
  return code === 0 ? result : undefined;
}

function judge({ app, plugin, kind, format }, result, bare) {
  const label = `axios ${versionOf(app)}, plugin with ${versionOf(plugin)}, ${kind}, ${format}`;
  const told = result ? [...result.wrong] : ['it ended before its time'];
  for (const [name, one] of Object.entries(result?.away ?? {})) {
    for (const difference of differences(steady(one), steady(bare.away[name])))
      told.push(`${name}: not as on a bare instance: ${difference}`);
  }
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
    JSON.stringify(value)
      .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
      .replaceAll(/(-+)[\w-]*?(axios-[\d.]+-)?boundary-[\w-]+|-{20,}\w+|formdata-undici-\d+/gi, 'BOUNDARY'),
  );
}

async function inParallel(cells, work) {
  const rest = [...cells];
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let cell = rest.shift(); cell; cell = rest.shift()) await work(cell);
    }),
  );
}
