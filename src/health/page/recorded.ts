import type { Recording } from '../recording.js';
import { waitReasons } from '../slots.js';
import type { Charts } from './charts.js';
import type { Html } from './markup.js';
import { duration } from './moments.js';
import type { Parts } from './parts.js';
import { percentLeft } from './recording-charts.js';
import { waitNames } from './wait-names.js';

/** When calls succeeded, failed and had no answer. */
export function timelineSection(parts: Parts, charts: Charts, recording: Recording): Html {
  const { html, figure, fold, table, moment, count } = parts;
  const attempted = recording.slots.filter(({ calls, unanswered }) => calls + unanswered > 0);
  const content = () =>
    html`${figure(
      charts.callsOverTime(recording),
      'Attempts over time',
      `Each bar is ${duration(recording.slotMs)}; times are UTC.`,
    )}
    ${fold(
      'Attempts over time, as a table',
      table(
        'Attempts over time',
        [
          { head: 'From (UTC)' },
          { head: 'Answered', isNumber: true },
          { head: 'Failed', isNumber: true },
          { head: 'No answer', isNumber: true },
        ],
        attempted.map(({ from, calls, failed, unanswered }) => [
          moment(from),
          ...[calls, failed, unanswered].map(count),
        ]),
      ),
    )}`;
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Timeline</h2>
    ${attempted.length === 0 ? html`<p>No call has been recorded yet.</p>` : content()}
  </section>`;
}

/** How long calls have waited, and for what. */
export function waitsSection(parts: Parts, charts: Charts, recording: Recording): Html {
  const { html, figure, fold, table, moment, count, length } = parts;
  const waited = recording.slots.filter(({ waitedMs }) => Object.values(waitedMs).some((ms) => ms > 0));
  const overTime = () =>
    html`${figure(
      charts.waitsOverTime(recording),
      'Seconds that calls have waited',
      'Those of all calls together, where the wait began.',
    )}
    ${fold(
      'Waits over time, as a table',
      table(
        'Waits over time',
        [
          { head: 'From (UTC)' },
          ...waitReasons.map((reason) => ({ head: waitNames[reason].short, isNumber: true })),
        ],
        waited.map(({ from, waitedMs }) => [
          moment(from),
          ...waitReasons.map((reason) => length(waitedMs[reason])),
        ]),
      ),
    )}`;
  return html`<section aria-labelledby="waits">
    <h2 id="waits">Waits</h2>
    ${table(
      'What calls have waited for',
      [
        { head: 'What for' },
        { head: 'Waits', isNumber: true },
        { head: 'Together', isNumber: true },
        { head: 'Longest', isNumber: true },
      ],
      recording.waits.map(({ reason, waits, waitedMs, longestMs }) => [
        html`${waitNames[reason].long}`,
        count(waits),
        length(waitedMs),
        length(longestMs),
      ]),
    )}
    ${waited.length === 0 ? html`<p>No call has waited.</p>` : overTime()}
  </section>`;
}

/** What was left of the rate limits. */
export function limitsSection(parts: Parts, charts: Charts, recording: Recording): Html {
  const { html, figure, fold, table, moment, count } = parts;
  const told = recording.slots.flatMap(({ from, limit }) => (limit ? [{ from, ...limit }] : []));
  const [least] = [...told].sort((one, other) => percentLeft(one) - percentLeft(other));
  const content = least
    ? html`<p>
          The least that was left: ${count(least.remaining)} of ${count(least.limit)}, at
          ${moment(least.from)}. An app has an hourly limit and one for 10 seconds; each answer tells of the
          nearer one.
        </p>
        ${figure(charts.limitsOverTime(recording), 'The least that was left of the limit', 'In percent of the limit.')}
        ${fold(
          'Rate limits over time, as a table',
          table(
            'Rate limits over time',
            [{ head: 'From (UTC)' }, { head: 'Limit', isNumber: true }, { head: 'Left', isNumber: true }],
            told.map(({ from, limit, remaining }) => [moment(from), count(limit), count(remaining)]),
          ),
        )}`
    : html`<p>No answer has told of a limit.</p>`;
  return html`<section aria-labelledby="limits">
    <h2 id="limits">Rate limits</h2>
    ${content}
  </section>`;
}
