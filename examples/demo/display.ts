import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';

/** The progress bar of a sync; `format` follows the number of calls. */
export function createBar(format: string): SingleBar {
  return new SingleBar({
    format: `{bar} {value}/{total} calls | ${format} | {news}`,
    barsize: 20,
    // Without a terminal, as in CI, it prints a line at intervals.
    noTTYOutput: true,
    notTTYSchedule: 2_000,
    gracefulExit: false,
    hideCursor: true,
  });
}

/** The table with the numbers of a run. */
export function tableOf(rows: readonly [what: string, value: string | number][]): string {
  const table = new Table({
    colAligns: ['left', 'right'],
    style: { border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** Prints the verdict on a run; returns the exit code. */
export function pronounce(errors: readonly string[], complaints: readonly string[], good: string): number {
  for (const line of errors.slice(0, 5)) console.error(line);
  for (const complaint of complaints) console.error(`NOT GOOD: ${complaint}`);
  if (complaints.length > 0) return 1;
  console.log(`Good: ${good}`);
  return 0;
}

/** Prints that the run was stopped; returns the exit code. */
export function pronounceStopped(): number {
  console.log('Stopped before the end: no verdict.');
  return 130;
}
