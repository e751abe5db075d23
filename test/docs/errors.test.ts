import { describe, expect, test } from 'vitest';
import { problems } from '../../src/failure/catalogue.js';
import { reasons } from '../../src/failure/reasons.js';
import { errorTables } from './support/error-tables.js';
import { codeIn, read, rowsUnder } from './support/pages.js';
import { createTypeReader } from './support/program.js';
import { withTables } from './support/tables.js';

const page = 'docs/errors.md';
/** What stands in the first column under a heading. */
const named = (heading: string) => rowsUnder(page, heading).flatMap(([cell = '']) => codeIn(cell));

test('docs/errors.md holds the catalogue; `npm run docs:errors` writes it', () => {
  expect(read(page)).toBe(withTables(read(page), errorTables));
});

test('every kind has a row', () => {
  expect(named('## Every kind')).toEqual(Object.keys(problems));
  expect(rowsUnder(page, '## Every kind').filter((row) => row.length !== 6)).toEqual([]);
});

test('every finer cause has a row, and every one of the type', () => {
  const rows = rowsUnder(page, '## Finer causes');
  expect(rows.map(([reason = '']) => codeIn(reason)[0])).toEqual(Object.keys(reasons));
  expect(rows.filter((row) => row.length !== 5)).toEqual([]);
  const { literals } = createTypeReader('src/failure/reasons.ts');
  expect(literals('ProblemReason').sort()).toEqual(Object.keys(reasons).sort());
});

describe('what the page says of a problem', () => {
  const { members, literals } = createTypeReader('src/failure/problem.ts');

  test('names each field, and no other', () => {
    expect(named('## `error.procore`')).toEqual(members('Problem'));
  });

  test('names each reason to give up, and no other', () => {
    expect(named('### `gaveUp`')).toEqual(literals('GaveUp'));
  });
});

describe('the tables', () => {
  const empty = ['kinds', 'reasons', 'successes', 'patterns', 'practices']
    .map((name) => `<!-- ${name} -->\n<!-- /${name} -->\n`)
    .join('between\n');

  test('are written between their markers, and nothing else changes', () => {
    const written = withTables(`before\n${empty}after\n`, errorTables);
    expect(written).toMatch(
      /^before\n<!-- kinds -->\n\n\| kind \| status \|[^]*<!-- \/practices -->\nafter\n$/,
    );
    expect(withTables(written, errorTables)).toBe(written);
  });

  test('want each marker once', () => {
    expect(() => withTables(empty.replace('<!-- /patterns -->\n', ''), errorTables)).toThrow(
      '<!-- /patterns --> 0 times',
    );
    expect(() => withTables(empty + empty, errorTables)).toThrow('<!-- kinds --> 2 times');
  });

  test('show what stands in angle brackets', () => {
    expect(withTables(empty, errorTables)).toContain('Authorization: Bearer &lt;token> header');
  });
});
