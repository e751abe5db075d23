import CliTable from 'cli-table3';
import type { Report } from './report.js';

/** The tables of a report, for the terminal. */
export function printed({ tables, aims }: Report): string {
  const blocks = tables.map(({ title, head, rows }) => {
    const table = new CliTable({
      head: [...head],
      colAligns: head.map((_, column) => (column ? 'right' : 'left')),
      style: { head: [], border: [], compact: true },
    });
    table.push(...rows.map((row) => [...row]));
    return `${title}\n${table.toString()}`;
  });
  const verdicts = aims.map(
    ({ what, aim, measured, isMet }) => `${isMet ? 'met   ' : 'missed'}  ${what}: ${measured} (aim: ${aim})`,
  );
  return [...blocks, verdicts.join('\n')].join('\n\n');
}
