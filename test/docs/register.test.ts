import { expect, test } from 'vitest';
import { environments } from '../../src/wire/environments.js';
import { logLevels } from '../../src/register/say.js';
import { aliases, variableNames } from '../../src/settings/variables.js';
import { codeIn, read, rowsUnder } from './support/pages.js';

const page = 'docs/register.md';

test('has a row for each variable, and none for anything else', () => {
  const told = rowsUnder(page, '## Variables').map(([name = '']) => name.replaceAll('`', ''));
  expect(told.sort()).toEqual([...variableNames].sort());
});

test('names no variable that is not read', () => {
  const named = read(page).match(/\bPROCORE_[A-Z_]+/g) ?? [];
  const all = [...aliases].flatMap(([name, others]) => [name, ...others]);
  expect([...new Set(named)].sort()).toEqual(all.sort());
});

test('names each other name beside the one that it stands for', () => {
  const rows = rowsUnder(page, '### An application that has such variables itself');
  const told = new Map(rows.map(([name = '', others = '']) => [name, others]));
  for (const [name, others] of aliases) {
    const names = (told.get(`\`${name}\``) ?? '').match(/\bPROCORE_[A-Z_]+/g) ?? [];
    expect(names.sort()).toEqual([...others].sort());
  }
});

test('has a row for each level of the log', () => {
  const rows = rowsUnder(page, '## Whether it works').map(([level = '']) => level.replaceAll('`', ''));
  expect(rows).toEqual([...logLevels]);
});

test('names every environment', () => {
  const row = rowsUnder(page, '## Variables').find(([name]) => name === '`PROCORE_ENVIRONMENT`')!;
  expect(codeIn(row[1]!)).toEqual(Object.keys(environments));
});
