/** Programs of tests that run as processes of their own. Each is bundled once: tsx would take a second of a core at each of its starts. */
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Within `node_modules`, where a bundle finds the packages that it imports. */
const folder = fileURLToPath(new URL('../../node_modules/.cache/axios-procore', import.meta.url));
/** What src/store/file/addon.cts and other CommonJS expect of Node, which an ES module does not have. */
const commonJs = `import { createRequire as requireOf } from 'node:module';
import { fileURLToPath as pathOf } from 'node:url';
const __filename = pathOf(import.meta.url);
const require = requireOf(__filename);`;
const bundles = new Map<string, string>();

/** Forks a program in TypeScript: `forkProgram(new URL('./support/worker.ts', import.meta.url), [emulator.url])`. */
export function forkProgram(
  program: URL,
  args: readonly string[] = [],
  options: ForkOptions = {},
): ChildProcess {
  const path = fileURLToPath(program);
  const bundle = bundles.get(path) ?? bundled(path);
  bundles.set(path, bundle);
  // Vitest's own arguments are nothing to it.
  return fork(bundle, args, { execArgv: [], ...options });
}

/** Named by its content, so that tests which run beside one another do not write over each other's. */
function bundled(path: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [path],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    banner: { js: commonJs },
    logLevel: 'error',
    write: false,
  });
  const { contents } = outputFiles[0]!;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const bundle = join(folder, `${basename(path, '.ts')}-${hash}.mjs`);
  if (existsSync(bundle)) return bundle;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${bundle}.${process.pid}`, contents);
  renameSync(`${bundle}.${process.pid}`, bundle);
  return bundle;
}
