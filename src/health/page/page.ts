import type { HealthReport } from '../report.js';
import { createCharts, type Echarts } from './charts.js';
import { daysSection } from './days.js';
import { failuresSection } from './failures.js';
import { Html } from './markup.js';
import { observationsSection, remediesSection } from './observations.js';
import { createParts, plural, type Parts } from './parts.js';
import { limitsSection, timelineSection, waitsSection } from './recorded.js';
import { routesSection } from './routes.js';
import { styleSheet } from './style.js';
import { tokensSection } from './tokens.js';

/**
 * A report as one HTML page that needs nothing else: no script, no network. Beside each chart there is a table with the same numbers.
 */
export function healthPageOf(report: HealthReport, echarts: Echarts): string {
  const parts = createParts((text) => echarts.format.encodeHTML(text));
  const charts = createCharts(echarts);
  const { html, day, state } = parts;
  const { from, to, recording } = report;
  const links = [...before, ...(recording ? ofRecording : []), ...after];
  const recorded = recording
    ? [
        timelineSection(parts, charts, recording),
        waitsSection(parts, charts, recording),
        limitsSection(parts, charts, recording),
        tokensSection(parts, charts, recording),
      ]
    : [];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Procore integration health, ${from} to ${to}</title>
        <style>
          ${new Html(styleSheet)}
        </style>
      </head>
      <body>
        <header>
          <h1>Procore integration health</h1>
          <p>${day(from)} to ${day(to)} (UTC) ${state(report.state)}</p>
          ${tiles(parts, report)}
          <nav aria-label="On this page">
            <ul>
              ${links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
        </header>
        <main>
          ${observationsSection(parts, charts, report)} ${recorded} ${daysSection(parts, charts, report)}
          ${routesSection(parts, report)} ${failuresSection(parts, report)} ${remediesSection(parts, report)}
        </main>
      </body>
    </html>`.text;
}

const before: readonly Link[] = [['observations', 'Observations']];
const ofRecording: readonly Link[] = [
  ['timeline', 'Timeline'],
  ['waits', 'Waits'],
  ['limits', 'Rate limits'],
  ['tokens', 'Tokens'],
];
const after: readonly Link[] = [
  ['days', 'Calls by day'],
  ['routes', 'Worst routes'],
  ['failures', 'Failures'],
  ['remedies', 'What to do'],
];
type Link = readonly [id: string, name: string];

/** The figures that a reader looks for first. */
function tiles({ html, count, length }: Parts, { calls, failed, unanswered, recording }: HealthReport): Html {
  const waitedMs = recording?.waits.reduce((total, waits) => total + waits.waitedMs, 0) ?? 0;
  const figures: [Html, string][] = [
    [count(calls), plural(calls, 'answered call')],
    [count(failed), 'of them failed'],
    [count(unanswered), `${plural(unanswered, 'attempt')} without an answer`],
  ];
  if (recording)
    figures.push(
      [length(waitedMs), 'waited by all calls'],
      [count(recording.tokens.renewed), plural(recording.tokens.renewed, 'renewal')],
      [count(recording.tokens.failed), plural(recording.tokens.failed, 'token failure')],
    );
  return html`<ul class="tiles">
    ${figures.map(([figure, name]) => html`<li><strong>${figure}</strong> ${name}</li>`)}
  </ul>`;
}
