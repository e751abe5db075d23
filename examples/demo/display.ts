import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';

/** The line that shows how far a sync is; `format` is what stands after the calls. */
export function createBar(format: string): SingleBar {
  return new SingleBar({
    format: `{bar} {value}/{total} calls | ${format} | {news}`,
    barsize: 20,
    // Without a terminal, as in CI: a line now and then.
    noTTYOutput: true,
    notTTYSchedule: 2_000,
    gracefulExit: false,
    hideCursor: true,
  });
}

/** The numbers of a run. */
export function tableOf(rows: readonly [what: string, value: string | number][]): string {
  const table = new Table({
    colAligns: ['left', 'right'],
    style: { border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** Says how a run went; returns the exit code. */
export function pronounce(errors: readonly string[], complaints: readonly string[], good: string): number {
  for (const line of errors.slice(0, 5)) console.error(line);
  for (const complaint of complaints) console.error(`NOT GOOD: ${complaint}`);
  if (complaints.length > 0) return 1;
  console.log(`Good: ${good}`);
  return 0;
}

/** Says that there is nothing to say; returns the exit code. */
export function pronounceStopped(): number {
  console.log('Stopped before the end: no verdict.');
  return 130;
}
