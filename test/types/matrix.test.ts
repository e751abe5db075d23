import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copies, createCells, modes, strictly, type Cell } from './cells.js';

let made: Awaited<ReturnType<typeof createCells>>;
beforeAll(async () => {
  made = await createCells();
});
afterAll(() => made?.remove());

// One program for all of axios: the library and Node's own declarations are read and checked once.
describe.each(Object.keys(modes))('under %s', (mode) => {
  let cells: Cell[];
  let program: ts.Program;
  let complaints: string[];
  beforeAll(() => {
    cells = made.cells.filter((cell) => cell.mode === mode);
    program = programOf(
      cells.flatMap(({ files }) => files),
      mode,
      made.consumers[0]!.folder,
    );
    complaints = complaintsAbout(program);
  });

  test.each(copies)(
    'the declarations compile with %s, and nothing else than this copy was looked at',
    (copy) => {
      const { folder, installed } = made.consumers.find((consumer) => consumer.copy === copy)!;
      const { files } = cells.find((cell) => cell.copy === copy)!;
      const axiosFolder = `node_modules/${copy}/`;
      expect(complaints.filter((line) => line.startsWith(folder) || line.includes(axiosFolder))).toEqual([]);
      if (files.length === 0) return;
      const resolved = files.map((file) => resolvedFrom(program, file));
      expect(resolved).toEqual(
        files.map(() => [
          expect.stringMatching(new RegExp(`/node_modules/${copy}/index\\.d\\.c?ts$`)) as string,
          join(installed, `dist/${modes[mode]!.build}/index.d.ts`),
        ]),
      );
    },
  );

  test('nothing else complains', () => {
    const ours = (line: string) =>
      made.consumers.some(
        ({ folder, copy }) => line.startsWith(folder) || line.includes(`node_modules/${copy}/`),
      );
    expect(complaints.filter((line) => !ours(line))).toEqual([]);
  });

  test('each exemption is needed: axios alone fails in the same way', () => {
    for (const { copy, proofs } of cells) {
      for (const proof of proofs) {
        // In the proof itself: what is wrong within axios's declarations proves nothing about a consumer.
        const options = { skipLibCheck: true, types: [] };
        const found = complaintsAbout(programOf([proof], mode, made.consumers[0]!.folder, options));
        expect([copy, proof, found.filter((line) => line.startsWith(proof)).length]).not.toEqual([
          copy,
          proof,
          0,
        ]);
      }
    }
  });
});

function programOf(files: string[], mode: string, folder: string, more: object = {}): ts.Program {
  const { options, errors } = ts.convertCompilerOptionsFromJson(
    { ...strictly, ...modes[mode]!.options, ...more },
    folder,
  );
  expect(errors).toEqual([]);
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => folder;
  return ts.createProgram(files, options, host);
}

/** The declarations behind `axios` and `axios-procore`, as a file imports them. */
function resolvedFrom(program: ts.Program, file: string): (string | undefined)[] {
  const options = program.getCompilerOptions();
  const resolutionMode = program.getSourceFile(file)!.impliedNodeFormat;
  return ['axios', 'axios-procore'].map(
    (name) =>
      ts.resolveModuleName(name, file, options, ts.sys, undefined, undefined, resolutionMode).resolvedModule
        ?.resolvedFileName,
  );
}

function complaintsAbout(program: ts.Program): string[] {
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName ?? ''}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
