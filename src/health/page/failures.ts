import type { HealthReport } from '../report.js';
import type { Html } from './markup.js';
import { plural, type Parts } from './parts.js';

/** Each status of failed calls, with its cause and its remedy. */
export function failuresSection(parts: Parts, { failures }: HealthReport): Html {
  const { html, count, remedy } = parts;
  const articles = failures.map(
    (one) =>
      html`<article>
        <h3>${one.status} ${one.title}</h3>
        <p>${count(one.calls)} ${plural(one.calls, 'call')}</p>
        ${remedy(one.cause, one.remedy, one.docsUrl, String(one.status))}
      </article>`,
  );
  return html`<section aria-labelledby="failures">
    <h2 id="failures">Failures</h2>
    ${failures.length === 0 ? html`<p>No call has failed.</p>` : articles}
  </section>`;
}
