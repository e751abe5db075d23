import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallCount } from '../../../src/health/calls.js';
import { readActivityReport, writeActivityReport } from '../../../src/health/csv.js';
import { loadPapaparse } from '../../../src/health/peers.js';

const papaparse = loadPapaparse('test');
const read = (text: string) => readActivityReport(papaparse, text);
const write = (counts: CallCount[]) => writeActivityReport(papaparse, counts);
const header = 'Date,Response Code,HTTP Method,Normalized Route,Count';
const row = (some: Partial<CallCount> = {}): CallCount => ({
  date: '2026-06-30',
  status: 200,
  method: 'GET',
  route: '/rest/v1.0/projects',
  calls: 1,
  withoutCompanyId: 0,
  ...some,
});

test('the columns are those of Procore’s report, with the oldest day first', () => {
  const rows = [
    row({ date: '2026-07-01', status: 404, calls: 3 }),
    row({ route: '/rest/v1.0/projects/:id', calls: 12 }),
    row({ method: 'POST', status: 201 }),
  ];
  expect(write(rows)).toBe(
    [
      header,
      '2026-06-30,201,POST,/rest/v1.0/projects,1',
      '2026-06-30,200,GET,/rest/v1.0/projects/:id,12',
      '2026-07-01,404,GET,/rest/v1.0/projects,3',
      '',
    ].join('\r\n'),
  );
});

test('what is written is read as it was, whatever a route contains', () => {
  const route = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => text.trim() !== '' && !/[\r\n]/.test(text));
  const awkward = fc.stringMatching(/^['=+\-@\t",;]{1,6}[a-z]*$/).filter((text) => text.trim() !== '');
  fc.assert(
    fc.property(fc.oneof(route, awkward), fc.nat(), (text, calls) => {
      const [back] = read(write([row({ route: text, calls })]));
      expect(back).toEqual(row({ route: text, calls }));
    }),
    { numRuns: 1000 },
  );
});

test.each(['=1+1', '+cmd|calc', '-2+3', '@SUM(A1)', '\t=1', "'=1", "''@x"])(
  'a route %j is no formula in a spreadsheet',
  (route) => {
    const { data } = papaparse.parse(write([row({ route })]), { delimiter: ',' });
    expect(data[1]![3]).toBe(`'${route}`);
    expect(read(write([row({ route })]))[0]!.route).toBe(route);
  },
);

test('a report as Procore writes it is read: a byte order mark, either line end, quotes, a time after the day', () => {
  const lines = [
    header,
    '"2026-06-30 00:00:00 UTC","404","get","/v1.0/projects/:project_id/observations","7"',
    '',
  ];
  for (const end of ['\n', '\r\n'])
    expect(read(`\ufeff${lines.join(end)}`)).toEqual([
      row({ status: 404, route: '/v1.0/projects/:project_id/observations', calls: 7 }),
    ]);
});

test.each([
  ['', 'line 1, column 1: it is not "Date"'],
  ['id,name\n1,2', 'line 1, column 1: it is not "Date"'],
  ['{"access_token":"abc"}', 'line 1, column 1: it is not "Date"'],
  ['Date,Status,HTTP Method,Normalized Route,Count', 'line 1, column 2: it is not "Response Code"'],
  [header.replaceAll(',', ';'), 'line 1, column 1: it is not "Date"'],
  [`${header},Host`, 'line 1, column 6: there is no such column'],
  [`${header}\n2026-06-30,200,GET,/x`, 'line 2, column 5: the line has 4 columns; it takes 5'],
  [`${header}\n2026-06-30,200,GET,/x,1,2`, 'line 2, column 6: the line has 6 columns; it takes 5'],
  [
    `${header}\n06/30/2026,200,GET,/x,1`,
    'line 2, column 1: "Date" is not what it takes: a day as 2026-06-30',
  ],
  [`${header}\n2026-02-30,200,GET,/x,1`, 'line 2, column 1: "Date" is not what it takes'],
  [`${header}\n2026-06-30,200,GET,/x,1\n\n2026-06-30,ok,GET,/x,1`, 'line 4, column 2: "Response Code"'],
  [`${header}\n2026-06-30,200,,/x,1`, 'line 2, column 3: "HTTP Method"'],
  [`${header}\n2026-06-30,200,GET,,1`, 'line 2, column 4: "Normalized Route"'],
  [`${header}\n2026-06-30,200,GET,"/a\nb",1`, 'line 2, column 4: "Normalized Route"'],
  [`${header}\n2026-06-30,200,GET,/x,-1`, 'line 2, column 5: "Count" is not what it takes: a whole number'],
  [`${header}\n2026-06-30,200,GET,/x,1.5`, 'line 2, column 5: "Count"'],
  [`${header}\n2026-06-30,200,GET,"/x"y,1`, 'line 2, character'],
  [`${header}\n2026-06-30,200,GET,"/x,1`, 'line 2, character'],
  [header, 'the report has no calls'],
])('%j is refused with the place of the fault, and is not quoted', (text, message) => {
  expect(() => read(text)).toThrow(message);
  expect(() => read(text)).not.toThrow('abc');
});

test('a report that was saved with semicolons is told what separates columns', () => {
  expect(() => read(header.replaceAll(',', ';'))).toThrow('The columns have to be separated by commas.');
});

test('without papaparse, the error names the package and how to install it', () => {
  const cause = new Error('Cannot find module');
  expect(() => loadPapaparse('healthOf', () => ({ error: cause }))).toThrow(
    expect.objectContaining({
      message:
        'healthOf: reading and writing CSV needs the package papaparse, and that is not installed or does not load. Run: npm install papaparse@^5',
      cause,
    }),
  );
});
