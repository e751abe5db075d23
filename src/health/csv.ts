import { isDay, isStatus, type CallCount } from './calls.js';

/** The part of the package papaparse that is used. */
export interface Papaparse {
  parse(
    text: string,
    options: { delimiter: string },
  ): { data: string[][]; errors: { message: string; index?: number }[] };
  unparse(
    table: { fields: readonly string[]; data: (string | number)[][] },
    options: { newline: string },
  ): string;
}

/** The columns of Procore's "API Call Activity Report" (developer documentation, "API Call Activity Report"). */
const columns = ['Date', 'Response Code', 'HTTP Method', 'Normalized Route', 'Count'] as const;

/**
 * What a spreadsheet would take for a formula. It gets an apostrophe in front, and so does what has apostrophes there already, so that
 * taking one away gives back what was written.
 */
const formula = /^'*[=+\-@\t\r]/;
const writtenFormula = /^'+[=+\-@\t\r]/;

/** Writes calls in the form of Procore's report, sorted by date, route, method and status. */
export function writeActivityReport(papaparse: Papaparse, counts: readonly CallCount[]): string {
  const data = [...counts]
    .sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1))
    .map(({ date, status, method, route, calls }) => [
      date,
      status,
      method,
      formula.test(route) ? `'${route}` : route,
      calls,
    ]);
  return `${papaparse.unparse({ fields: columns, data }, { newline: '\r\n' })}\r\n`;
}

function sortKey({ date, route, method, status }: CallCount): string {
  return [date, route, method, status].join('\0');
}

/** Reads Procore's report. Throws an `Error` that names line and column for a file that is none. */
export function readActivityReport(papaparse: Papaparse, text: string): CallCount[] {
  const { data, errors } = papaparse.parse(text, { delimiter: ',' });
  const [broken] = errors;
  if (broken) {
    const before = text.slice(0, broken.index ?? 0).split('\n');
    throw wrong(before.length, `character ${before.at(-1)!.length + 1}`, `${broken.message}.`);
  }
  const [header = []] = data;
  checkHeader(header);
  const counts: CallCount[] = [];
  data.slice(1).forEach((cells, index) => {
    // A cell with a line break is refused below, so that records and lines are the same up to there.
    if (cells.length > 1 || cells[0] !== '') counts.push(readRow(cells, index + 2));
  });
  if (counts.length === 0) throw new Error('healthOf: the report has no calls: nothing follows its header.');
  return counts;
}

function checkHeader(header: readonly string[]): void {
  const place = columns.findIndex((name, index) => header[index] !== name);
  const hint =
    header.length === 1 && /[;\t]/.test(header[0]!) ? ' The columns have to be separated by commas.' : '';
  const takes = `A report of Procore's begins with the line "${columns.join(',')}".${hint}`;
  if (place !== -1) throw wrong(1, place + 1, `it is not "${columns[place]}". ${takes}`);
  if (header.length > columns.length) throw wrong(1, columns.length + 1, `there is no such column. ${takes}`);
}

function readRow(cells: readonly string[], line: number): CallCount {
  if (cells.length !== columns.length)
    throw wrong(
      line,
      Math.min(cells.length, columns.length) + 1,
      `the line has ${cells.length} columns; it takes ${columns.length}.`,
    );
  const [date = '', status = '', method = '', route = '', calls = ''] = cells;
  // A time may follow the day.
  const day = /^(\d{4}-\d\d-\d\d)(?:$|[T ])/.exec(date)?.[1];
  if (day === undefined || !isDay(day)) throw wrongCell(line, 0, 'a day as 2026-06-30');
  if (!/^\d{3}$/.test(status) || !isStatus(Number(status)))
    throw wrongCell(line, 1, 'an HTTP status from 100 to 599');
  if (!/^[A-Za-z]+$/.test(method)) throw wrongCell(line, 2, 'an HTTP method');
  if (route.trim() === '' || /[\r\n]/.test(route)) throw wrongCell(line, 3, 'a route on one line');
  if (!/^\d+$/.test(calls) || !Number.isSafeInteger(Number(calls)))
    throw wrongCell(line, 4, 'a whole number');
  return {
    date: day,
    status: Number(status),
    method: method.toUpperCase(),
    route: writtenFormula.test(route) ? route.slice(1) : route,
    calls: Number(calls),
    withoutCompanyId: 0,
  };
}

function wrongCell(line: number, index: number, takes: string): Error {
  return wrong(line, index + 1, `"${columns[index]}" is not what it takes: ${takes}.`);
}

function wrong(line: number, column: number | string, what: string): Error {
  const place = typeof column === 'number' ? `column ${column}` : column;
  return new Error(`healthOf: line ${line}, ${place}: ${what}`);
}
