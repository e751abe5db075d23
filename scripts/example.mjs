// Runs an example by its name, after a build: `npm run example nightly-sync`. Without a name it lists them. Where no client is set, the
// example runs on an emulated Procore, to which the variables of `axios-procore/register` lead, with a user who has logged in.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { applications, descriptionOf, prepare, startOf } from './application.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'examples');
const [name, ...given] = process.argv.slice(2);

if (name === undefined) {
  for (const one of names()) console.log(`npm run example ${one}\n    ${summaryOf(one)}`);
} else if (names().includes(name)) {
  process.exitCode = await run(name);
} else {
  console.error(`There is no example "${name}". There are ${names().join(', ')}.`);
  process.exitCode = 1;
}

/** The examples: the files whose first comment says that they are run so, and the folders that are packages. */
function names() {
  const files = readdirSync(folder).flatMap((file) => /^(.+)\.ts$/.exec(file)?.[1] ?? []);
  return [...files.filter((file) => commentOf(file).includes(`npm run example ${file}`)), ...applications()];
}

function commentOf(example) {
  if (applications().includes(example)) return descriptionOf(example);
  const text = readFileSync(join(folder, `${example}.ts`), 'utf8');
  const [, comment = ''] = /^\/\*\*([^]+?)\*\//.exec(text) ?? [];
  return comment.replace(/\s*\n \* ?/g, ' ').trim();
}

function summaryOf(example) {
  return /^.+?[.](?=\s|$)/.exec(commentOf(example))[0];
}

async function run(example) {
  const started = [];
  try {
    const { command, args, cwd, env } = commandOf(example);
    if (!process.env.PROCORE_CLIENT_ID) started.push(await emulate());
    if (commentOf(example).includes('DATABASE_URL')) started.push(await startDatabase());
    const variables = Object.assign({}, ...started.map((one) => one.variables));
    const options = { stdio: 'inherit', cwd, env: { ...process.env, ...variables, ...env } };
    return await endOf(spawn(command, [...args, ...given], options));
  } catch (error) {
    // An error of several addresses has a code and no message.
    console.error(error.message || error.code);
    return 1;
  } finally {
    for (const { stop } of started.reverse()) await stop();
  }
}

/** Resolves with the exit code of the example. */
function endOf(child) {
  // A Ctrl-C goes to the child as well, which ends by itself: a second one from here would kill it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function commandOf(example) {
  if (applications().includes(example)) {
    prepare(example);
    return startOf(example);
  }
  return {
    command: process.execPath,
    args: ['--import', 'tsx', join(folder, `${example}.ts`)],
    cwd: process.cwd(),
    // Without the paths of the ordinary one, which lead to the source, an example finds the package as it is built.
    env: { TSX_TSCONFIG_PATH: join(root, 'scripts/tsconfig.run.json') },
  };
}

async function emulate() {
  const { startEmulator } = await import('axios-procore/emulator');
  const emulator = await startEmulator();
  const tokens = mkdtempSync(join(tmpdir(), 'axios-procore-example-'));
  const file = join(tokens, 'tokens.json');
  writeFileSync(file, JSON.stringify(emulator.issue()), { mode: 0o600 });
  console.log(`PROCORE_CLIENT_ID is not set: this runs on an emulated Procore.\n`);
  return {
    variables: {
      PROCORE_CLIENT_ID: emulator.clientId,
      PROCORE_CLIENT_SECRET: emulator.clientSecret,
      PROCORE_LOGIN_URL: emulator.url,
      PROCORE_API_URL: emulator.url,
      PROCORE_COMPANY_ID: '562949953421401',
      PROCORE_TOKEN_FILE: file,
    },
    async stop() {
      await emulator.close();
      rmSync(tokens, { recursive: true, force: true });
    },
  };
}

/** The database at `DATABASE_URL`, else an installed PostgreSQL with a new data folder. */
async function startDatabase() {
  const { startPostgres } = await tsImport('../examples/demo/servers.ts', import.meta.url);
  const { url, stop } = await startPostgres(process.env.DATABASE_URL, new AbortController().signal);
  return { variables: { DATABASE_URL: url }, stop };
}
