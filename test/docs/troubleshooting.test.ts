import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import type { WaitReason } from '../../src/health/index.js';
import * as publicNames from '../../src/index.js';
import { codeIn, read, root, rowsUnder } from './support/pages.js';
import { createTypeReader } from './support/program.js';
import { withTables } from './support/tables.js';
import { warningTables } from './support/warning-tables.js';

const page = 'docs/troubleshooting.md';
// The source of the page's own table is not where the messages come from.
const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== join('cli', 'explain', 'warnings.ts'))
  .map((name) => readFileSync(join(root, 'src', name), 'utf8'));
const namesIn = (heading: string, column = 0) =>
  rowsUnder(page, heading).flatMap((cells) => codeIn(cells[column]!));

test('has the warnings that the command explains; `npm run docs:errors` writes them', () => {
  expect(read(page)).toBe(withTables(read(page), warningTables));
});

test('has a row for each warning of the source, those of the process included, and for no other', () => {
  const codes = createTypeReader('src/observe/events.ts').literals('WarningCode');
  expect(codes.length).toBeGreaterThan(10);
  const ofProcess = source.flatMap((text) =>
    [...text.matchAll(/type: 'ProcoreWarning', code: '([\w-]+)'/g)].map(([, code]) => code!),
  );
  expect([...new Set(namesIn('## Warnings'))].sort()).toEqual([...codes, ...ofProcess].sort());
});

test('has a row for each error of the package, with its class and its code, and for each reason to authorize again', () => {
  const types = createTypeReader('src/failure/error-base.ts');
  const classes = Object.keys(publicNames).filter(
    (name) => /^[A-Z]\w+Error$/.test(name) && name !== 'ProcoreError',
  );
  expect(classes.length).toBeGreaterThan(7);
  expect(namesIn('## Errors').sort()).toEqual([...classes, ...types.literals('ProcoreErrorCode')].sort());
  expect(namesIn('### A customer must re-authorize').sort()).toEqual(
    [...types.literals('ReauthenticationReason')].sort(),
  );
});

test('has a row for each reason for which a call waits', () => {
  const reasons = { token: 0, 'rate-limit': 0, unavailable: 0, retry: 0 } satisfies Record<WaitReason, 0>;
  expect(namesIn('### Calls wait')).toEqual(Object.keys(reasons));
});

/** The texts of all strings of the source, those of templates in pieces. */
const texts = source.flatMap((text) => {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest));
  return found;
});

test.each([
  ['## Warnings', 1],
  ['## Errors', 1],
  ['## At the attach', 0],
] as const)('the messages under "%s" are those of the source, to the letter', (heading, column) => {
  const quoted = namesIn(heading, column);
  expect(quoted.length).toBeGreaterThan(3);
  for (const message of quoted.filter((text) => text.includes(' '))) {
    const pieces = message.split('…').filter((piece) => piece.trim() !== '');
    const missing = pieces.filter((piece) => !texts.some((text) => text.includes(piece)));
    expect([message, missing]).toEqual([message, []]);
  }
});
