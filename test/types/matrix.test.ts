import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConsumer, root, type Consumer } from '../support/packed.js';

interface Mode {
  /** How the files are named decides what they are under node16. */
  extension: 'ts' | 'mts' | 'cts';
  options: ts.CompilerOptions;
}

const { ModuleKind, ModuleResolutionKind } = ts;
const node16 = { module: ModuleKind.Node16, moduleResolution: ModuleResolutionKind.Node16 };
const bundler = { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler };
const modes: Record<string, Mode> = {
  'node16, ES modules': { extension: 'mts', options: node16 },
  'node16, CommonJS': { extension: 'cts', options: node16 },
  bundler: { extension: 'ts', options: bundler },
  'bundler, browser types only': {
    extension: 'ts',
    options: { ...bundler, types: [], lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'] },
  },
  node10: {
    extension: 'ts',
    options: { module: ModuleKind.CommonJS, moduleResolution: ModuleResolutionKind.Node10 },
  },
};
const strictly: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  // The declarations themselves must be right, not only what a consumer makes of them.
  skipLibCheck: false,
  esModuleInterop: true,
  noEmit: true,
};

/** The folders in our `node_modules`, and where `import axios from 'axios'` itself does not work. */
const copies: Record<string, { withoutDefault: string[] }> = {
  axios: { withoutDefault: [] },
  'axios-1.6': { withoutDefault: [] },
  // Its declarations are CommonJS with `export default`, which Node's own rules read as `axios.default`.
  'axios-0.27': { withoutDefault: ['node16, ES modules'] },
};

describe.each(Object.entries(copies))('with %s', (copy, { withoutDefault }) => {
  let consumer: Consumer;
  beforeAll(async () => {
    consumer = await createConsumer(copy);
    for (const { extension } of Object.values(modes)) {
      for (const name of ['calls', 'create']) {
        const source = join(root, `test/types/consumer/${name}.ts`);
        await copyFile(source, join(consumer.folder, `${name}.${extension}`));
      }
    }
  });
  afterAll(() => consumer?.remove());

  test.each(Object.entries(modes))('the declarations compile: %s', (mode, { extension, options }) => {
    const names = withoutDefault.includes(mode) ? ['calls'] : ['calls', 'create'];
    const files = names.map((name) => join(consumer.folder, `${name}.${extension}`));
    const program = programOf(files, { ...strictly, ...options }, consumer.folder);
    expect(complaintsAbout(program)).toEqual([]);
    // Proof that the matrix is one: nothing else than this copy of axios was looked at, and the package as it was packed.
    const seen = program.getSourceFiles().map(({ fileName }) => fileName);
    const axiosFolders = seen.flatMap(
      (name) => /node_modules\/(axios[\d.-]*)\/index\.d\.c?ts$/.exec(name)?.[1] ?? [],
    );
    expect(axiosFolders).toEqual([copy]);
    expect(seen).toContain(
      join(
        consumer.installed,
        mode === 'node16, CommonJS' || mode === 'node10' ? 'dist/cjs' : 'dist/esm',
        'index.d.ts',
      ),
    );
  });
});

function programOf(files: string[], options: ts.CompilerOptions, folder: string): ts.Program {
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => folder;
  return ts.createProgram(files, options, host);
}

function complaintsAbout(program: ts.Program): string[] {
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
