// Two plain compilations of the same source: ES modules and CommonJS, each with its own types.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync('dist', { recursive: true, force: true });
for (const project of ['tsconfig.build.json', 'tsconfig.build-cjs.json']) {
  execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
}
// See src/error-type.ts.
writeFileSync('dist/cjs/error-type.d.ts', 'export {};\n');
mkdirSync('dist/cjs', { recursive: true });
// The package is "type": "module"; this file makes Node and TypeScript read the second build as CommonJS.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs", "sideEffects": ["./register/index.js"] }\n');
