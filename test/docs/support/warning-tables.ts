import { processWarnings, warnings, type WarningRow } from '../../../src/cli/explain/warnings.js';
import { table } from './tables.js';

/** The tables of warnings in docs/troubleshooting.md, by the marker that they stand under. */
export const warningTables: Readonly<Record<string, string>> = {
  warnings: tableOf(warnings, 'what it means, and what to do'),
  'process-warnings': tableOf(processWarnings, 'what to do'),
};

function tableOf(rows: Readonly<Record<string, readonly WarningRow[]>>, last: string): string {
  return table(
    ['code', 'what it says', last],
    Object.entries(rows).flatMap(([code, own]) =>
      own.map(({ says, remedy }) => [`\`${code}\``, says, remedy]),
    ),
  );
}
