import { contenders } from '../contenders/index.js';
import { reportOf, reports, type Figures, type Results } from './figures.js';
import type { Table } from './report.js';

/** `docs/performance.md`, as a run has measured it. */
export function pageOf(results: Results): string {
  const names = Object.keys(reports) as (keyof Figures)[];
  const all = names.map((name) => reportOf(name, results.figures[name]));
  const aims = all.flatMap((report) => report.aims);
  const missed = aims.filter(({ isMet }) => !isMet).length;
  return [
    '# Performance',
    `This page compares what axios-procore costs in time, memory and size with bare axios and with other packages for an axios instance. In the repository, \`npm run bench\` measures it and writes this page from \`bench/results.json\`.`,
    `This run: ${results.date}, axios ${results.axios}, Node ${results.node}, ${results.cpus} CPUs, ${results.rounds} rounds, ${results.minutes} minutes. ` +
      'The contenders take turns in an order that is drawn anew each time, each in a process of its own, and servers are other processes. ' +
      'Ratios are taken within a turn, and the median of the rounds is shown, so that other work of the machine affects all contenders alike. The microseconds are those of this machine. ' +
      'Where a round takes long, fewer are taken, and the table says how many. Counts are those of the worst round.',
    '## Aims',
    `${missed === 0 ? `All ${aims.length} aims are met` : `${aims.length - missed} of ${aims.length} aims are met, ${missed} missed`}.`,
    markdown(
      ['', 'aim', 'measured', ''],
      aims.map(({ what, aim, measured, isMet }) => [what, aim, measured, isMet ? 'met' : '**missed**']),
    ),
    '## Contenders',
    markdown(
      ['', 'set up as its README says'],
      contenders.map(({ name, setUp }) => [name, setUp]),
    ),
    ...all.flatMap(({ tables }) => tables.flatMap(section)),
  ]
    .join('\n\n')
    .concat('\n');
}

const section = ({ title, text, head, rows }: Table) => [`## ${title}`, text, markdown(head, rows)];

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
