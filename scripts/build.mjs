// Bundles the package: each entry of package.json is one file with its types, once as ES modules and once as CommonJS. What several entries
// need is in chunks beside them, so that a process has it once, however many entries it loads.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';
import { bundleLibraries } from './libraries.mjs';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const project = 'tsconfig.build.json';
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(project, ts.sys.readFile).config,
  ts.sys,
  '.',
);
const isOurs = (id) => /^[./]/.test(id);
const external = (id) => !isOurs(id);
/** The augmentation of src/axios/error-type.ts, as it stands in bundled types. */
const errorType = /^declare module 'axios' \{\s+interface AxiosError \{.*?^\}\n/ms;
const compiled = new Map();
/** The libraries that were bundled, by format and file. */
const emitted = new Map();
/** What `register` reads in every program that it is preloaded into, and the command reads, too. */
const settings = [
  'config-module',
  'environment',
  'paths',
  'secrets',
  'settings',
  'slips',
  'surroundings',
  'variables',
].map((name) => resolve(`src/settings/${name}.ts`));
/** They need nearly all there is. */
const programs = ['register', 'cli'];

/** Compiles without checking: the types, which are bundled from the same source, check it. */
const typescript = (format) => ({
  name: 'typescript',
  async resolveId(source, importer) {
    if (!importer || !isOurs(source)) return null;
    const file = resolve(dirname(importer), source);
    if (basename(file) === 'libraries.js') return libraries(this, file, format);
    if (file.endsWith('.js')) return file.replace(/\.js$/, '.ts');
    // What is CommonJS in both formats stays a file of its own: bundlers and tracers of applications look for its `require`.
    const content = compile(file.replace(/\.cjs$/, '.cts'));
    this.emitFile({ type: 'asset', fileName: relative('src', file), source: content });
    return { id: file, external: 'relative' };
  },
  load: compile,
});

rmSync('dist', { recursive: true, force: true });
try {
  await bundle('esm', entriesOf('esm'));
  await bundle('cjs', {
    ...entriesOf('cjs'),
    // Loaded by their paths, the one by `register` where there is something to attach, the other by Node.
    'register/start': 'src/register/start.ts',
    'register/hooks': 'src/register/hooks.ts',
    // The command: CommonJS, because it shares the settings with `register`.
    'cli/index': 'src/cli/index.ts',
  });
  await bundleTypes(['esm', 'cjs']);
} catch (error) {
  // Rollup's own errors have the list of all files on them.
  console.error(error.message);
  process.exit(1);
}
writeFileSync('dist/browser.cjs', compile('src/browser.cts'));
// The package is "type": "module"; this file makes Node and TypeScript read the second format as CommonJS.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs", "sideEffects": ["./register/index.js"] }\n');

async function bundle(format, input) {
  const built = await rollup({ input, external, plugins: [typescript(format)] });
  let chunks;
  await built.write({
    dir: join('dist', format),
    format,
    entryFileNames: '[name].js',
    // Those of a program stand beside it; `register` finds files there.
    chunkFileNames: ({ moduleIds }) => {
      const program = programs.find((name) => moduleIds.every((id) => id.includes(`/src/${name}/`)));
      return `${program ?? 'shared'}/[name].js`;
    },
    manualChunks(id, { getModuleInfo }) {
      chunks ??= chunksOf(Object.values(input), (file) => getModuleInfo(file)?.importedIds ?? []);
      return chunks.get(id);
    },
    // A default import from CommonJS gives what it gives in code that TypeScript compiles.
    interop: 'auto',
    esModule: true,
    generatedCode: { preset: 'es2015', symbols: false },
    minifyInternalExports: false,
    hoistTransitiveImports: false,
  });
}

/**
 * The chunk of each module that several entries need. They are few, because each file that is loaded takes time: `settings` is what the
 * programs read at their start, `common` what several other entries need, or one of them and the settings, and `attach` what the main entry
 * and a program need.
 */
function chunksOf(entries, importsOf) {
  const isProgram = (file) => programs.some((name) => file.startsWith(`src/${name}/`));
  const neededBy = (files) => {
    const needed = new Set(files.map((file) => resolve(file)));
    for (const file of needed)
      for (const imported of importsOf(file)) if (!external(imported)) needed.add(imported);
    return needed;
  };
  const ofSettings = neededBy(settings);
  const ofPrograms = neededBy(entries.filter(isProgram));
  const others = entries.filter((file) => !isProgram(file)).map((file) => neededBy([file]));
  const chunks = new Map([...ofSettings].map((file) => [file, 'settings']));
  for (const file of others.flatMap((needed) => [...needed])) {
    const isCommon = ofSettings.has(file) || others.filter((needed) => needed.has(file)).length > 1;
    if (isCommon) chunks.set(file, 'common');
  }
  for (const file of neededBy(['src/index.ts']))
    if (ofPrograms.has(file) && !chunks.has(file)) chunks.set(file, 'attach');
  return chunks;
}

/** Gives the libraries of an entry (its `libraries.ts`) as a file of its own beside it, whoever imports them. */
async function libraries(context, file, format) {
  const key = `${format} ${file}`;
  // Rollup asks several times at once.
  if (!emitted.has(key)) emitted.set(key, emitLibraries(context, file, format));
  await emitted.get(key);
  return { id: file, external: 'relative' };
}

/** Bundles the libraries of an entry into one file, and writes the texts of their licences beside it. */
async function emitLibraries(context, file, format) {
  const { text, packages } = await bundleLibraries(file.replace(/\.js$/, '.ts'), format);
  const licences = packages.map(({ name, version, licence }) => `${name} ${version}\n\n${licence}\n`);
  const put = (name, source) =>
    context.emitFile({ type: 'asset', fileName: join(relative('src', dirname(file)), name), source });
  put('libraries.js', text);
  put('LICENSES.txt', licences.join(`\n${'-'.repeat(72)}\n\n`));
}

/** The types are the same in both formats, but for {@link errorType}: see src/axios/error-type.ts. */
async function bundleTypes(formats) {
  const built = await rollup({
    input: entriesOf('cjs'),
    external,
    plugins: [dts({ tsconfig: project })],
    // `register` exports nothing.
    onLog: (level, log, tell) => log.code === 'EMPTY_BUNDLE' || tell(level, log),
  });
  const withoutErrorType = {
    name: 'without-error-type',
    generateBundle(_, { 'index.d.ts': index }) {
      if (!errorType.test(index.code)) this.error('The types have no augmentation of AxiosError.');
      index.code = index.code.replace(errorType, '');
    },
  };
  const isEsm = (format) => format === 'esm';
  const withoutRegister = {
    name: 'without-register',
    generateBundle: (_, files) => void delete files['register/index.d.ts'],
  };
  for (const format of formats) {
    await built.write({
      dir: join('dist', format),
      entryFileNames: '[name].d.ts',
      chunkFileNames: 'shared/[name].d.ts',
      minifyInternalExports: false,
      plugins: [isEsm(format) ? withoutRegister : withoutErrorType],
    });
  }
}

/** The entries of a format by their names: `store/file` for `./dist/esm/store/file.js`. */
function entriesOf(format) {
  const paths = JSON.stringify(exports).match(/[^"]+/g);
  const names = paths.flatMap((path) => new RegExp(`^\\./dist/${format}/(.+)\\.js$`).exec(path)?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));
}

function compile(file) {
  if (!compiled.has(file)) {
    const module = file.endsWith('.cts') ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext;
    const compilerOptions = { ...options, module, removeComments: true };
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      fileName: file,
      compilerOptions,
    });
    compiled.set(file, inAscii(outputText));
  }
  return compiled.get(file);
}

/** Node reads a file of ASCII alone faster, and V8 keeps it in half the memory. Only strings, templates and patterns hold anything else. */
function inAscii(code) {
  return code.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
