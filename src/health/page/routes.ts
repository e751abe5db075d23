import type { HealthReport, RouteOfCalls } from '../report.js';
import type { Html } from './markup.js';
import type { Parts } from './parts.js';

/** The routes with the most failed calls. */
export function routesSection(parts: Parts, { worstRoutes }: HealthReport): Html {
  const { html } = parts;
  return html`<section aria-labelledby="routes">
    <h2 id="routes">Worst routes</h2>
    ${
      worstRoutes.length === 0
        ? html`<p>No call has failed.</p>`
        : routesTable(parts, 'Routes with the most failed calls', worstRoutes)
    }
  </section>`;
}

/** Routes with the number of their calls. */
export function routesTable(
  { html, table, count }: Parts,
  caption: string,
  routes: readonly RouteOfCalls[],
): Html {
  return table(
    caption,
    [{ head: 'Route' }, { head: 'Calls', isNumber: true }],
    routes.map(({ method, route, calls }) => [html`<code>${method} ${route}</code>`, count(calls)]),
  );
}
