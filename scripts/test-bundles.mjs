// Bundles an application with the packed package by each bundler, as its users do, and runs the result in a folder that has nothing but what
// they would deploy. It renews tokens over the file store and its lock. Ends with a table, and fails where something fails or where
// the results differ from docs/compatibility.md. `-- next` and the like choose; then the table is not compared.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { agrees, print } from './matrix-table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'test/bundles');
const addon = 'fs-native-extensions';
const must = (command, args, options) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
};
// Not `npm ci`, which fails: npm leaves an optional package of Vite for Windows out of the lock file, and then misses it.
must('npm', ['install', '--no-save', '--no-audit', '--no-fund'], { cwd: sources });
const toolRequire = createRequire(join(sources, 'package.json'));
const tool = async (name) => {
  const module = await import(pathToFileURL(toolRequire.resolve(name)).href);
  return module.default ?? module;
};
const versionOf = (name) =>
  JSON.parse(readFileSync(join(sources, 'node_modules', name, 'package.json'), 'utf8')).version;

const folder = mkdtempSync(join(tmpdir(), 'axios-procore-bundles-'));
const project = join(folder, 'project');
const empty = join(folder, 'empty');

/**
 * Each bundler writes into `out` and returns what is to be run there; `ships`: the packages beside the bundle, or undefined where the bundle
 * is for a browser and has nothing to do but to say that it does not belong there.
 */
const cases = [
  ['esbuild', 'ES module', [addon], (out) => esbuild(out, 'esm', 'bundle.mjs')],
  ['esbuild', 'CommonJS', [addon], (out) => esbuild(out, 'cjs', 'bundle.cjs')],
  ['esbuild', 'CommonJS, addon not external', [addon], (out) => esbuild(out, 'cjs', 'bundle.cjs', [])],
  ['webpack', 'CommonJS', [addon], (out) => webpack(out, { [addon]: `commonjs ${addon}` })],
  ['webpack', 'CommonJS, addon not external', [addon], (out) => webpack(out, {})],
  ['rollup', 'ES module', [addon], (out) => rollup(out, 'es', 'bundle.mjs')],
  ['rollup', 'CommonJS', [addon], (out) => rollup(out, 'cjs', 'bundle.cjs')],
  ['vite', 'SSR', [addon], vite],
  ['@vercel/ncc', 'CommonJS', [addon], ncc],
  ['@vercel/nft', 'traced', [], nft],
  ['esbuild', 'for a browser', undefined, pageByEsbuild],
  ['webpack', 'for a browser', undefined, pageByWebpack],
  ['rollup', 'for a browser', undefined, pageByRollup],
  ['vite', 'for a browser', undefined, pageByVite],
];
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const head = ['bundler', 'version', 'output', 'runs'];
const rows = [];
try {
  install();
  mkdirSync(empty);
  for (const [name, output, ships, bundle] of cases) {
    if (chosen.length > 0 && !chosen.some((one) => name.includes(one))) continue;
    console.log(`\n${name}, ${output}`);
    const out = join(folder, `out-${rows.length}`);
    mkdirSync(out);
    const went = ships ? await passes(out, ships, bundle) : await refuses(out, bundle);
    rows.push([name, versionOf(name), output, went]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print(head, rows);
const good = rows.length > 0 && rows.every((row) => row.at(-1) !== 'fails');
process.exitCode = good && (chosen.length > 0 || agrees('bundles', head, rows)) ? 0 : 1;

/** Runs the bundle of the page, which must end at once with the one sentence. */
async function refuses(out, bundle) {
  try {
    const run = [join(out, await bundle(out))];
    const { status, stderr } = spawnSync(process.execPath, run, { cwd: empty, encoding: 'utf8' });
    if (status === 1 && /^Error: axios-procore runs on a server, not in a browser/m.test(stderr))
      return 'says so';
    console.error(stderr);
  } catch (error) {
    console.error(error);
  }
  return 'fails';
}

async function passes(out, ships, bundle) {
  try {
    const entry = await bundle(out);
    for (const name of ships.flatMap((name) => closureOf(name))) copyPackage(name, out);
    // Neither the project nor the working directory may help.
    const { status } = spawnSync(process.execPath, [join(out, entry)], {
      cwd: empty,
      stdio: ['ignore', 'inherit', 'inherit'],
      // Ends one that hangs, on whatever machine.
      timeout: 300_000,
    });
    return status === 0 ? 'passes' : 'fails';
  } catch (error) {
    console.error(error);
    return 'fails';
  }
}

function esbuild(out, format, outfile, external = [addon]) {
  // axios has dependencies that are CommonJS, and an ES module has no `require`: this line is what esbuild's users add.
  const js = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
  const banner = format === 'esm' ? { js } : {};
  const options = { bundle: true, platform: 'node', format, external, banner, outfile: join(out, outfile) };
  return tool('esbuild').then(async ({ build }) => {
    await build({ ...options, entryPoints: [join(project, 'app.mjs')], logLevel: 'error' });
    return outfile;
  });
}

async function pageByEsbuild(out) {
  const { build } = await tool('esbuild');
  const outfile = join(out, 'bundle.cjs');
  await build({ bundle: true, outfile, entryPoints: [join(project, 'page.mjs')], logLevel: 'error' });
  return 'bundle.cjs';
}

async function webpack(out, externals, { target, entry } = { target: 'node', entry: './app.mjs' }) {
  const compile = await tool('webpack');
  const stats = await new Promise((resolve, reject) => {
    const config = {
      context: project,
      mode: 'production',
      target,
      entry,
      externals,
      output: { path: out, filename: 'bundle.cjs' },
    };
    compile(config, (error, result) => (error ? reject(error) : resolve(result)));
  });
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  return 'bundle.cjs';
}

function pageByWebpack(out) {
  return webpack(out, {}, { target: 'web', entry: './page.mjs' });
}

async function rollup(out, format, file, entry = 'app.mjs') {
  const forPage = entry === 'page.mjs';
  const resolution = forPage ? { browser: true } : { preferBuiltins: true, exportConditions: ['node'] };
  const { rollup: start } = await tool('rollup');
  const plugins = [
    (await tool('@rollup/plugin-node-resolve'))(resolution),
    (await tool('@rollup/plugin-commonjs'))(),
    (await tool('@rollup/plugin-json'))(),
  ];
  const input = join(project, entry);
  const bundle = await start({ input, plugins, external: [addon], onwarn: () => undefined });
  await bundle.write({ format, file: join(out, file), inlineDynamicImports: true });
  await bundle.close();
  return file;
}

function pageByRollup(out) {
  return rollup(out, 'es', 'bundle.mjs', 'page.mjs');
}

async function pageByVite(out) {
  const { build } = await tool('vite');
  const input = join(project, 'page.mjs');
  const rollupOptions = { input, output: { entryFileNames: 'bundle.mjs' } };
  await build({ root: project, logLevel: 'error', configFile: false, build: { outDir: out, rollupOptions } });
  return 'bundle.mjs';
}

async function vite(out) {
  const { build } = await tool('vite');
  await build({
    root: project,
    logLevel: 'error',
    configFile: false,
    ssr: { noExternal: true, external: [addon] },
    build: { ssr: 'app.mjs', outDir: out, rollupOptions: { output: { entryFileNames: 'bundle.mjs' } } },
  });
  return 'bundle.mjs';
}

function ncc(out) {
  // In the project, whose TypeScript configuration it would use.
  const cli = toolRequire.resolve('@vercel/ncc/dist/ncc/cli.js');
  must(process.execPath, [cli, 'build', 'app.cjs', '--quiet', '--external', addon, '--out', out], {
    cwd: project,
  });
  return 'index.cjs';
}

/** Copies the files that the tracer names, and nothing else. */
async function nft(out) {
  const { nodeFileTrace } = await tool('@vercel/nft');
  const { fileList } = await nodeFileTrace([join(project, 'app.mjs')], {
    base: project,
    // What Node itself resolves by, from 20.19 on; the tracer misses it in a dependency of axios.
    conditions: ['node', 'module-sync'],
  });
  for (const file of fileList) cpSync(join(project, file), join(out, file), { recursive: true });
  return 'app.mjs';
}

/** The project: the application, the packed package, and copies of what they need, as npm lays them out. */
function install() {
  mkdirSync(project);
  must('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    stdio: 'ignore',
  });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const installed = join(project, 'node_modules/axios-procore');
  mkdirSync(installed, { recursive: true });
  must('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const needed = ['axios', addon, ...Object.keys(dependencies)];
  for (const name of new Set(needed.flatMap((name) => closureOf(name)))) copyPackage(name, project);
  for (const name of ['app.mjs', 'app.cjs', 'copies.cjs', 'page.mjs'])
    cpSync(join(sources, name), join(project, name));
  cpSync(join(root, 'test/node/steps.cjs'), join(project, 'steps.cjs'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
}

/** A package of ours and all that it depends on. */
function closureOf(name, seen = new Set()) {
  if (seen.has(name) || !existsSync(join(root, 'node_modules', name))) return [];
  seen.add(name);
  const { dependencies = {} } = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return [name, ...Object.keys(dependencies).flatMap((one) => closureOf(one, seen))];
}

function copyPackage(name, into) {
  cpSync(join(root, 'node_modules', name), join(into, 'node_modules', name), { recursive: true });
}
