// What the matrix commands share: a table on the terminal, and the same rows in docs/compatibility.md.
import { readFileSync, writeFileSync } from 'node:fs';
import Table from 'cli-table3';

const page = new URL('../docs/compatibility.md', import.meta.url);

/** A cell that this run has not looked at: whatever the page has there is left as it is. */
export const notLookedAt = 'not in this run';

/** Prints a table. */
export function print(head, rows) {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  console.log(table.toString());
}

/**
 * True if the page has exactly these rows under `<!-- name -->`, but for cells that were not looked at. With `--write` on the command line
 * they are written there instead.
 */
export function agrees(name, head, rows) {
  const text = readFileSync(page, 'utf8');
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest = ''] = text.split(open);
  const [told, after] = rest.split(close);
  if (after === undefined) throw new Error(`docs/compatibility.md has no ${open} … ${close}`);
  const onPage = cellsOf(told);
  const found = [head, ...rows].map((cells, row) =>
    cells.map((cell, column) => (cell === notLookedAt ? (onPage[row]?.[column] ?? '') : String(cell))),
  );
  if (process.argv.includes('--write')) {
    writeFileSync(page, `${before}${open}\n\n${markdown(found)}\n\n${close}${after}`);
    return true;
  }
  if (JSON.stringify(onPage) === JSON.stringify(found)) return true;
  console.error(
    `docs/compatibility.md differs from the results under ${open}. What was found:\n\n${markdown(found)}\n`,
  );
  return false;
}

function cellsOf(markdownTable) {
  return markdownTable
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** As prettier writes it. */
function markdown([head, ...rows]) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => cells[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
