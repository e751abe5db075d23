// Two plain compilations of the same source, beside one another: ES modules and CommonJS, each with its own types.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync('dist', { recursive: true, force: true });
const compiled = await Promise.all(['tsconfig.build.json', 'tsconfig.build-cjs.json'].map(compile));
if (compiled.includes(false)) process.exit(1);
// See src/axios/error-type.ts.
writeFileSync('dist/cjs/axios/error-type.d.ts', 'export {};\n');
mkdirSync('dist/cjs', { recursive: true });
// The package is "type": "module"; this file makes Node and TypeScript read the second build as CommonJS.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs", "sideEffects": ["./register/index.js"] }\n');

async function compile(project) {
  const [code] = await once(spawn(process.execPath, [tsc, '-p', project], { stdio: 'inherit' }), 'close');
  return code === 0;
}
