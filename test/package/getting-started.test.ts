import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../examples/demo/programs.js';
import { defaultRedirectUri } from '../../src/cli/login/redirect-uri.js';
import { variableNames } from '../../src/settings/variables.js';
import { blocksOf, codeIn, read } from '../docs/support/pages.js';
import { createConsumer, type Consumer } from '../support/packed.js';

const page = 'docs/getting-started.md';
const lines = read(page).split('\n');
/** What comes before needs no account of Procore's. */
const sandboxAt = lines.indexOf('## On a sandbox of Procore') + 1;

let consumer: Consumer;
let emulator: ChildProcess | undefined;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['fs-native-extensions', 'typescript', 'tsx'] });
});
afterAll(async () => {
  if (emulator?.exitCode === null) {
    emulator.kill();
    await once(emulator, 'exit');
  }
  await consumer?.remove();
});

/** The terminal of a reader: its variables, and what the last command has printed. */
const variables: Record<string, string | undefined> = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
};
let printed = '';

/** Starts a command as the reader's shell does; `npx` and `node` are run without a shell. */
async function start(line: string, more: readonly string[] = []): Promise<ChildProcess> {
  const [program, ...words] = line.split(' ');
  const args = program === 'npx' ? [await binOf(words.shift()!), ...words, ...more] : [...words, ...more];
  return spawn(process.execPath, args, { cwd: consumer.folder, env: variables });
}

async function binOf(name: string): Promise<string> {
  const folder = join(consumer.folder, 'node_modules', name);
  const { bin } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  return join(folder, typeof bin === 'string' ? bin : bin[name]!);
}

/** Resolves as soon as a command has printed this. */
async function until(child: ChildProcess, pattern: RegExp): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk) => {
        said += String(chunk);
        if (pattern.test(said)) resolve(said);
      });
    child.once('exit', () => reject(new Error(`it has ended without ${String(pattern)}: ${said}`)));
  });
}

/** What is done for a line of the page, by how the line begins; the first that fits. */
const steps: [begins: RegExp, act: (line: string) => Promise<void>][] = [
  [/^mkdir \S+ && cd /, async () => {}], // the folder of the consumer is that folder
  [
    /^npm install /, // what the page names is there, without a registry
    async (line) => {
      const names = line.split(' ').slice(2);
      for (const name of names.filter((name) => !name.startsWith('--')))
        expect([name, existsSync(join(consumer.folder, 'node_modules', name))]).toEqual([name, true]);
    },
  ],
  [
    /^npm /,
    async (line) => {
      const child = execFile('npm', line.split(' ').slice(1), { cwd: consumer.folder });
      expect(await once(child, 'close')).toEqual([0, null]);
    },
  ],
  [
    /^export /,
    async (line) => {
      const [, name, value] = /^export (\w+)=(.*)$/.exec(line)!;
      variables[name!] = value;
    },
  ],
  [
    /^npx axios-procore emulate$/,
    async (line) => {
      emulator = await start(line);
      const said = await until(emulator, /Ctrl-C/);
      const exports = [...said.matchAll(/^export (\w+)='(.*)'$/gm)];
      expect(exports).toHaveLength(5);
      for (const [, name, value] of exports) variables[name!] = value;
    },
  ],
  [
    /^npx axios-procore login$/,
    async (line) => {
      // The port of the page may be in use on this machine.
      variables['PROCORE_REDIRECT_URI'] = `http://127.0.0.1:${await freePort()}/callback`;
      const login = await start(line, ['--no-browser']);
      const ended = once(login, 'exit');
      const [url] = /http:\S+\/oauth\/authorize\S+/.exec(await until(login, /authorize\S+\s/))!;
      await fetch(url); // a client that is no browser agrees at once
      expect(await ended).toEqual([0, null]);
    },
  ],
  [
    /^(npx tsx|node) \S+$/,
    async (line) => {
      const child = await start(line);
      printed = '';
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', (chunk) => void (printed += String(chunk)));
      await once(child, 'close');
    },
  ],
];

test('a reader who does what the page says, in an empty folder, sees what the page shows', async () => {
  expect(sandboxAt).toBeGreaterThan(0);
  let shown = 0;
  for (const { info, line, code } of blocksOf(page).filter(({ line }) => line < sandboxAt)) {
    const name = /^\/\/ ([\w-]+\.(?:ts|cjs))$/m.exec(code.split('\n')[0]!)?.[1];
    if (name) await writeFile(join(consumer.folder, name), code);
    else if (info === 'sh')
      for (const command of code.split('\n')) {
        const step = steps.find(([begins]) => begins.test(command));
        if (!step) throw new Error(`${page}:${line}: no step for ${command}`);
        await step[1](command);
      }
    else {
      expect([info, printed.trimEnd()]).toEqual(['', code]);
      shown++;
    }
  }
  expect(shown).toBe(4);
});

test('the settings for a sandbox are ones that command and register know', () => {
  const settings = blocksOf(page).flatMap(({ code }) =>
    [...code.matchAll(/^export (\w+)=/gm)].map(([, name]) => name!),
  );
  expect(settings.length).toBeGreaterThan(4);
  expect(variableNames).toEqual(expect.arrayContaining(settings));
  expect(codeIn(read(page))).toContain(defaultRedirectUri);
});
