import { problems, type Repetition } from '../../../src/failure/catalogue.js';
import { bestPractices, patterns, shownBy, successes } from '../../../src/failure/error-page.js';
import { reasons, type ProblemReason } from '../../../src/failure/reasons.js';
import { escaped, table } from './tables.js';

const repetitions: Record<Repetition, string> = {
  no: 'no',
  replay: 'once, every method, with a current token',
  'every-method': 'every method',
  idempotent: 'idempotent methods',
  'as-told': 'with `Retry-After` every method, else idempotent ones',
};

/** The tables of docs/errors.md, by the marker that they stand under. */
export const errorTables: Record<string, string> = {
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
