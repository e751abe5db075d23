import type { HealthReport } from '../report.js';
import { createCharts, type Echarts } from './charts.js';
import { daysSection } from './days.js';
import { failuresSection } from './failures.js';
import { Html } from './markup.js';
import { observationsSection } from './observations.js';
import { createParts, plural } from './parts.js';
import { routesSection } from './routes.js';
import { styleSheet } from './style.js';

/**
 * A report as one HTML page that needs nothing else: no script, no network. Beside each chart there is a table with the same numbers.
 */
export function healthPageOf(report: HealthReport, echarts: Echarts): string {
  const parts = createParts((text) => echarts.format.encodeHTML(text));
  const charts = createCharts(echarts);
  const { html, day, state, count } = parts;
  const { from, to, calls, failed, unanswered } = report;
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
          <p>${day(from)} to ${day(to)} (UTC): ${state(report.state)}</p>
          <p>
            ${count(calls)} answered ${plural(calls, 'call')}, ${count(failed)} of them failed.
            ${count(unanswered)} ${plural(unanswered, 'attempt')} without an answer.
          </p>
        </header>
        <main>
          ${observationsSection(parts, charts, report)} ${daysSection(parts, charts, report)}
          ${routesSection(parts, report)} ${failuresSection(parts, report)}
        </main>
      </body>
    </html>`.text;
}
