import type { HealthReport, Observation, RouteOfCalls } from '../report.js';
import type { DayState, WindowState } from '../states.js';
import { createCharts, type Echarts } from './charts.js';
import { grade } from './grades.js';
import { createMarkup, Html, type Markup } from './markup.js';
import { styleSheet } from './style.js';

const windowStates: readonly WindowState[] = ['Needs Attention', 'Review Recommended', 'Healthy', 'Unknown'];

/**
 * A report as one HTML page that needs nothing else: no script, no network. Beside each chart there is a table with the same numbers.
 */
export function healthPageOf(report: HealthReport, echarts: Echarts): string {
  const html = createMarkup((text) => echarts.format.encodeHTML(text));
  const charts = createCharts(echarts);
  const { from, to, state, calls, failed, unanswered } = report;
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
          <p>${time(html, from)} to ${time(html, to)} (UTC): ${badge(html, state)}</p>
          <p>
            ${count(html, calls)} answered ${plural(calls, 'call')}, ${count(html, failed)} of them failed.
            ${count(html, unanswered)} ${plural(unanswered, 'attempt')} without an answer.
          </p>
        </header>
        <main>
          <section aria-labelledby="observations">
            <h2 id="observations">Observations</h2>
            ${summary(html, report)}
            ${figure(html, charts.statesByDay(report), 'State of each observation on each day', 'C is Critical, W is Warning, H is Healthy, ? is Unknown. The numbers below are days of the month.')}
            ${report.observations.map((observation) => section(html, observation))}
          </section>
          <section aria-labelledby="days">
            <h2 id="days">Calls by day</h2>
            ${figure(html, charts.callsByDay(report), 'Calls of each day', 'The numbers below the bars are days of the month.')}
            ${daysTable(html, report)}
          </section>
          <section aria-labelledby="routes">
            <h2 id="routes">Worst routes</h2>
            ${routes(html, 'Routes with the most failed calls', report.worstRoutes) ?? html`<p>No call has failed.</p>`}
          </section>
          <section aria-labelledby="failures">
            <h2 id="failures">Failures</h2>
            ${report.failures.length === 0 ? html`<p>No call has failed.</p>` : report.failures.map((failure) => failureSection(html, failure))}
          </section>
        </main>
      </body>
    </html>`.text;
}

function summary(html: Markup, { observations }: HealthReport): Html {
  const states = windowStates.filter(
    (state) => state !== 'Unknown' || observations.some((one) => one.state === state),
  );
  const buckets = states.map((state) => {
    const many = observations.filter((one) => one.state === state).length;
    return html`<li>${badge(html, state)} ${many}</li>`;
  });
  const rows = observations.map(
    ({ name, title, state, calls }) =>
      html`<tr>
        <th scope="row"><a href="#${name}">${title}</a></th>
        <td>${badge(html, state)}</td>
        <td class="number">${count(html, calls)}</td>
      </tr>`,
  );
  return html`<ul>
      ${buckets}
    </ul>
    <table>
      <caption>
        The seven observations of Procore’s Integration Health
      </caption>
      <thead>
        <tr>
          <th scope="col">Observation</th>
          <th scope="col">State</th>
          <th scope="col" class="number">Calls</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}

function section(html: Markup, observation: Observation): Html {
  const { name, title, state, cause, remedy, docsUrl, days, worstRoutes } = observation;
  const unhealthy = days.filter(
    ({ state: ofDay, calls }) => ofDay !== 'Healthy' && (ofDay !== 'Unknown' || calls > 0),
  );
  const rows = unhealthy.map(
    (day) =>
      html`<tr>
        <th scope="row">${time(html, day.date)}</th>
        <td>${badge(html, day.state)}</td>
        <td class="number">${count(html, day.calls)}</td>
      </tr>`,
  );
  const table = html`<table>
    <caption>
      Days that are not Healthy: ${title}
    </caption>
    <thead>
      <tr>
        <th scope="col">Day</th>
        <th scope="col">Daily status</th>
        <th scope="col" class="number">Calls</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return html`<article id="${name}">
    <h3>${title}</h3>
    <p>${badge(html, state)}</p>
    <dl>
      <dt>Cause</dt>
      <dd>${cause}</dd>
      <dt>Remedy</dt>
      <dd>${remedy} <a href="${docsUrl}">Procore on ${title}</a></dd>
    </dl>
    ${unhealthy.length === 0 ? [] : table}
    ${routes(html, `Routes with the most calls: ${title}`, worstRoutes) ?? []}
  </article>`;
}

function daysTable(html: Markup, { days }: HealthReport): Html {
  const rows = days.map(
    ({ date, calls, failed, unanswered }) =>
      html`<tr>
        <th scope="row">${time(html, date)}</th>
        ${[calls, failed, unanswered].map((many) => html`<td class="number">${count(html, many)}</td>`)}
      </tr>`,
  );
  return html`<table>
    <caption>
      Calls by day
    </caption>
    <thead>
      <tr>
        <th scope="col">Day</th>
        <th scope="col" class="number">Answered</th>
        <th scope="col" class="number">Failed</th>
        <th scope="col" class="number">No answer</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function failureSection(
  html: Markup,
  { status, title, calls, cause, remedy, docsUrl }: HealthReport['failures'][number],
): Html {
  return html`<article>
    <h3>${status} ${title}</h3>
    <p>${count(html, calls)} ${plural(calls, 'call')}</p>
    <dl>
      <dt>Cause</dt>
      <dd>${cause}</dd>
      <dt>Remedy</dt>
      <dd>${remedy} <a href="${docsUrl}">Procore on ${status}</a></dd>
    </dl>
  </article>`;
}

function routes(html: Markup, caption: string, some: readonly RouteOfCalls[]): Html | undefined {
  if (some.length === 0) return undefined;
  const rows = some.map(
    ({ method, route, calls }) =>
      html`<tr>
        <th scope="row"><code>${method} ${route}</code></th>
        <td class="number">${count(html, calls)}</td>
      </tr>`,
  );
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">Route</th>
        <th scope="col" class="number">Calls</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** The chart is an image to a screen reader, which reads the table instead. */
function figure(html: Markup, svg: string, label: string, note: string): Html {
  const image = new Html(svg.replace('<svg ', html`<svg role="img" aria-label="${label}" `.text));
  return html`<figure>
    ${image}
    <figcaption>${label}. ${note}</figcaption>
  </figure>`;
}

function badge(html: Markup, state: WindowState | DayState): Html {
  return html`<span class="state ${grade(state)}">${state}</span>`;
}

function time(html: Markup, date: string): Html {
  return html`<time datetime="${date}">${date}</time>`;
}

function count(html: Markup, value: number): Html {
  return html`<data value="${value}">${value.toLocaleString('en')}</data>`;
}

function plural(many: number, word: string): string {
  return many === 1 ? word : `${word}s`;
}
