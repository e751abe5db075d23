import type { HealthReport, Observation } from '../report.js';
import type { WindowState } from '../states.js';
import type { Charts } from './charts.js';
import { grade } from './grades.js';
import type { Html } from './markup.js';
import type { Parts } from './parts.js';
import { routesTable } from './routes.js';

const windowStates: readonly WindowState[] = ['Needs Attention', 'Review Recommended', 'Healthy', 'Unknown'];

/** The seven observations: how many are in which state, and the state of each. */
export function observationsSection(parts: Parts, charts: Charts, report: HealthReport): Html {
  const { html, figure } = parts;
  return html`<section aria-labelledby="observations">
    <h2 id="observations">Observations</h2>
    ${summary(parts, report)}
    ${figure(
      charts.statesByDay(report),
      'State of each observation on each day',
      'C is Critical, W is Warning, H is Healthy, ? is Unknown. The numbers below are days of the month.',
    )}
  </section>`;
}

/** Each of the seven observations with its cause, its remedy, its days and its routes. */
export function remediesSection(parts: Parts, { observations }: HealthReport): Html {
  const { html } = parts;
  return html`<section aria-labelledby="remedies">
    <h2 id="remedies">What to do about each observation</h2>
    <div class="cards">${observations.map((observation) => article(parts, observation))}</div>
  </section>`;
}

function summary({ html, table, state, count }: Parts, { observations }: HealthReport): Html {
  const states = windowStates.filter(
    (one) => one !== 'Unknown' || observations.some((observation) => observation.state === one),
  );
  const buckets = states.map((one) => {
    const many = observations.filter((observation) => observation.state === one).length;
    return html`<li>${state(one)} ${many}</li>`;
  });
  return html`<ul class="buckets">
      ${buckets}
    </ul>
    ${table(
      'The seven observations of Procore’s Integration Health',
      [{ head: 'Observation' }, { head: 'State' }, { head: 'Calls', isNumber: true }],
      observations.map((one) => [
        html`<a href="#${one.name}">${one.title}</a>`,
        state(one.state),
        count(one.calls),
      ]),
    )}`;
}

function article(parts: Parts, observation: Observation): Html {
  const { html, table, state, day, count, remedy } = parts;
  const { name, title, docsUrl, days, worstRoutes } = observation;
  const unhealthy = days.filter(
    (one) => one.state !== 'Healthy' && (one.state !== 'Unknown' || one.calls > 0),
  );
  const unhealthyDays = table(
    `Days that are not Healthy: ${title}`,
    [{ head: 'Day' }, { head: 'Daily status' }, { head: 'Calls', isNumber: true }],
    unhealthy.map((one) => [day(one.date), state(one.state), count(one.calls)]),
  );
  return html`<article id="${name}" class="card ${grade(observation.state)}-card">
    <h3>${title}</h3>
    <p>${state(observation.state)}</p>
    ${remedy(observation.cause, observation.remedy, docsUrl, title)}
    ${unhealthy.length === 0 ? [] : unhealthyDays}
    ${worstRoutes.length === 0 ? [] : routesTable(parts, `Routes with the most calls: ${title}`, worstRoutes)}
  </article>`;
}
