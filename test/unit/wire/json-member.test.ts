import { expect, test } from 'vitest';
import { createChance } from '../../model/chance.js';
import { digitsOfMember } from '../../../src/wire/json-member.js';

const read = (json: string) => digitsOfMember(json, 'company_id');

test.each([
  ['{"company_id":5}', '5'],
  [' {\n "company_id" : "562949953421401" ,"a":1}', '562949953421401'],
  // JSON.parse would give 9007199254740992.
  ['{"updates":[],"company_id":9007199254740993}', '9007199254740993'],
  ['{"note":"say \\"company_id\\": 7, {","company_id":5}', '5'],
  ['{"a":"\\\\","company_id":5}', '5'],
  ['{"sort":"company_id","company_id":5}', '5'],
  ['{"project":{"company_id":6},"company_id":5}', '5'],
])('the member of %s is %s', (json, expected) => {
  expect(read(json)).toBe(expected);
});

test.each([
  '{"project":{"company_id":6}}',
  '{"updates":[{"company_id":6}]}',
  '[{"company_id":6}]',
  '"company_id"',
  '{"sort":"company_id"}',
  '{"company_id":null}',
  '{"company_id":5.5}',
  '{"company_id":-5}',
  '{"company_id":5e3}',
  '{"company_id":"5","',
  '{"company_id":"ACME"}',
  '{"company_id":[5]}',
  `{"company_id":${'1'.repeat(21)}}`,
  '{"company_id":5',
  '{"a":"\\',
  '',
  'company_id=5',
])('there is none in %j', (json) => {
  expect(read(json)).toBe(json.startsWith('{"company_id":"5",') ? '5' : undefined);
});

test('agrees with JSON.parse on drawn objects, however they nest and whatever their strings contain', () => {
  const chance = createChance(15);
  const below = (most: number) => chance.whole(0, most - 1);
  const pieces = ['"', '\\', '{', '}', '[', ']', ':', ',', 'company_id', '"company_id":9', 'ü', '\n', '7'];
  const text = () => Array.from({ length: below(4) }, () => pieces[below(pieces.length)]).join('');
  const value = (depth: number): unknown => {
    const kind = below(depth > 2 ? 3 : 5);
    if (kind === 0) return text();
    if (kind === 1) return below(1000);
    if (kind === 2) return null;
    if (kind === 3) return Array.from({ length: below(3) }, () => value(depth + 1));
    return fields(depth + 1);
  };
  const fields = (depth: number) =>
    Object.fromEntries(
      Array.from({ length: below(4) }, () => [below(3) ? text() : 'company_id', value(depth)]),
    );
  let found = 0;
  for (let round = 0; round < 5_000; round++) {
    const object = fields(0);
    const id: unknown = object['company_id'];
    const digits = /^\d{1,20}$/.test(String(id)) && !Array.isArray(id) ? String(id) : undefined;
    if (digits !== undefined) found++;
    expect([object, read(JSON.stringify(object, null, below(3)))]).toEqual([object, digits]);
  }
  expect(found).toBeGreaterThan(100);
});

test('only the beginning of a long text is read', () => {
  const filler = 'x'.repeat(70_000);
  expect(read(JSON.stringify({ company_id: 5, filler }))).toBe('5');
  expect(read(JSON.stringify({ filler, company_id: 5 }))).toBeUndefined();
});
