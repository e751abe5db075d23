import ts from 'typescript';
import { expect, test } from 'vitest';
import { blocksOf, examplesOf, isRecipe, pages, type Block } from './support/pages.js';
import { findingsIn } from './support/program.js';

/** Files of the reader's own that an example imports. */
const own: [name: string, text: string][] = [
  [
    'tokens.ts',
    `import type { TokenSet } from 'axios-procore';
     export declare function readTokens(account: string): Promise<TokenSet | undefined>;
     export declare function writeTokens(tokens: TokenSet, account: string): Promise<void>;`,
  ],
  [
    'rows.ts',
    `interface Row { token: string; refresh: string | undefined; expires: number | undefined }
     export declare const rows: { find(id: string): Promise<Row | undefined>; update(id: string, row: Row): Promise<void> };`,
  ],
  [
    'procore.ts',
    `import type { AxiosInstance } from 'axios';
     import type { Procore } from 'axios-procore';
     export declare const api: AxiosInstance;
     export declare const procore: Procore;`,
  ],
  [
    'socket.ts',
    `export declare function connect(
       url: string,
       options: { headers: Record<string, string> },
     ): { on(event: 'close', listener: () => void): void };`,
  ],
];
const stubs = new Map(
  own.flatMap(
    ([name, text]) =>
      [
        [name, text],
        [`docs/${name}`, text],
      ] as const,
  ),
);
const examples = pages.flatMap(examplesOf).filter((blocks) => !isRecipe(blocks));

test('every example of README and docs compiles under strict rules', () => {
  expect(examples.map(([block]) => block!.page)).toEqual(
    expect.arrayContaining(['README.md', 'docs/stores.md', 'docs/emulator.md']),
  );
  expect(findingsIn(examples, stubs)).toEqual([]);
});

test('the recipes of docs/store-recipes.md alone are compiled elsewhere: npm run test:recipes does', () => {
  const recipes = pages.flatMap(examplesOf).filter(isRecipe);
  expect(recipes.map(([block]) => block!.page)).toEqual(
    Array.from({ length: 5 }, () => 'docs/store-recipes.md'),
  );
});

test('every example of what others do is JavaScript, and imports what their packages have', async () => {
  const others = pages.flatMap(blocksOf).filter(({ info }) => info === 'js');
  expect(others.length).toBeGreaterThan(0);
  for (const { page, line, code } of others) {
    const where = `${page}:${line}`;
    const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true, fileName: 'example.js' });
    expect([where, diagnostics]).toEqual([where, []]);
    for (const [, names, from] of code.matchAll(/^import (.+) from '(.+)';$/gm)) {
      const found = (await import(from!)) as object;
      const wanted = names!.startsWith('{') ? names!.match(/\w+/g)! : ['default'];
      expect([where, Object.keys(found)]).toEqual([where, expect.arrayContaining(wanted)]);
    }
  }
});

test('a mistake in an example is reported with page and line', () => {
  const example = (code: string, line: number, info = 'ts'): Block => ({
    page: 'docs/x.md',
    info,
    line,
    code,
  });
  const first = example("import { attachProcore } from 'axios-procore';\nconst n: number = 1;", 10);
  const more = example('n.toFixed();\nattachProcore();', 30, 'ts continues');
  expect(findingsIn([[first, more]])).toEqual([
    expect.stringMatching(/^docs\/x\.md:31: Expected 2 arguments/),
  ]);
});

test('no block escapes by another name for TypeScript', () => {
  const known = new Set(['', 'ts', 'ts continues', 'js', 'sh', 'sql', 'mermaid']);
  const others = pages.flatMap(blocksOf).filter(({ info }) => !known.has(info));
  expect(others.map(({ page, line, info }) => `${page}:${line}: ${info}`)).toEqual([]);
});
