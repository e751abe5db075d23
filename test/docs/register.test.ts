import { expect, test } from 'vitest';
import { environments } from '../../src/environments.js';
import { variableNames } from '../../src/register/settings.js';
import { codeIn, read, rowsUnder } from './support/pages.js';

const page = 'docs/register.md';

test('has a row for each variable, and none for anything else', () => {
  const told = rowsUnder(page, '## Variables').map(([name = '']) => name.replaceAll('`', ''));
  expect(told.sort()).toEqual([...variableNames].sort());
});

test('names no variable that is not read', () => {
  const named = read(page).match(/\bPROCORE_[A-Z_]+/g) ?? [];
  expect([...new Set(named)].sort()).toEqual([...variableNames].sort());
});

test('names every environment', () => {
  const row = rowsUnder(page, '## Variables').find(([name]) => name === '`PROCORE_ENVIRONMENT`')!;
  expect(codeIn(row[1]!)).toEqual(Object.keys(environments));
});
