import { problems, type Repetition } from '../../../src/failure/catalogue.js';
import { bestPractices, patterns, shownBy, successes } from '../../../src/failure/error-page.js';
import { reasons, type ProblemReason } from '../../../src/failure/reasons.js';

const repetitions: Record<Repetition, string> = {
  no: 'no',
  replay: 'once, every method, with a current token',
  'every-method': 'every method',
  idempotent: 'idempotent methods',
  'as-told': 'with `Retry-After` every method, else idempotent ones',
};

/** The tables of docs/errors.md, by the marker that they stand under. */
const tables: Record<string, string> = {
  kinds: table(
    ['kind', 'status', 'title', 'common cause', 'how to fix', 'sent again'],
    Object.entries(problems).map(([kind, { status, title, cause, remedy, retried }]) => [
      `\`${kind}\``,
      status === undefined ? '–' : String(status),
      ...[title, cause, remedy].map(escaped),
      repetitions[retried],
    ]),
  ),
  reasons: table(
    ['reason', 'kind', 'shown by', 'cause', 'how to fix'],
    Object.entries(reasons).map(([reason, { kinds, cause, remedy }]) => [
      `\`${reason}\``,
      kinds.map((kind) => `\`${kind}\``).join(', '),
      ...[shownBy[reason as ProblemReason], cause, remedy].map(escaped),
    ]),
  ),
  successes: table(
    ['status', 'title', 'description'],
    successes.map(({ status, title, description }) => [String(status), title, escaped(description)]),
  ),
  patterns: table(
    ['pattern', 'kind', 'common cause', 'how to fix'],
    patterns.map(({ title, kind, cause, remedy }) => [title, `\`${kind}\``, escaped(cause), escaped(remedy)]),
  ),
  practices: table(
    ['practice', 'in short', 'the plugin'],
    bestPractices.map(({ practice, detail, here }) => [practice, escaped(detail), escaped(here)]),
  ),
};

/** A page with the tables of the catalogue between their markers (`<!-- kinds -->` and `<!-- /kinds -->`). */
export function withErrorTables(page: string): string {
  return Object.entries(tables).reduce((text, [name, rows]) => {
    const [before, rest] = split(text, `<!-- ${name} -->\n`);
    const [, after] = split(rest, `<!-- /${name} -->\n`);
    return `${before}<!-- ${name} -->\n\n${rows}\n\n<!-- /${name} -->\n${after}`;
  }, page);
}

function split(text: string, marker: string): [string, string] {
  const parts = text.split(marker);
  if (parts.length !== 2)
    throw new Error(`the page has the marker ${marker.trim()} ${parts.length - 1} times`);
  return parts as [string, string];
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `<token>` is no element, and a bar would end the cell. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('|', '\\|');
}
