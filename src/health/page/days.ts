import type { HealthReport } from '../report.js';
import type { Charts } from './charts.js';
import type { Html } from './markup.js';
import type { Parts } from './parts.js';

/** The calls of each day of the window. */
export function daysSection(
  { html, figure, table, day, count }: Parts,
  charts: Charts,
  report: HealthReport,
): Html {
  return html`<section aria-labelledby="days">
    <h2 id="days">Calls by day</h2>
    ${figure(charts.callsByDay(report), 'Calls of each day', 'The numbers below the bars are days of the month.')}
    ${table(
      'Calls by day',
      [
        { head: 'Day' },
        { head: 'Answered', isNumber: true },
        { head: 'Failed', isNumber: true },
        { head: 'No answer', isNumber: true },
      ],
      report.days.map(({ date, calls, failed, unanswered }) => [
        day(date),
        ...[calls, failed, unanswered].map(count),
      ]),
    )}
  </section>`;
}
