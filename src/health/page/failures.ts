import type { HealthReport } from '../report.js';
import type { Html } from './markup.js';
import { plural, type Parts } from './parts.js';

/** Each status of failed calls, and each kind of failure without an answer, with its cause and its remedy. */
export function failuresSection(parts: Parts, { failures, recording }: HealthReport): Html {
  const { html, count, failure } = parts;
  const unanswered = recording?.failures ?? [];
  const answeredCards = failures.map((one) =>
    failure(`${one.status} ${one.title}`, html`${count(one.calls)} ${plural(one.calls, 'call')}`, one),
  );
  const unansweredCards = unanswered.map((one) =>
    failure(one.title, html`${count(one.times)} ${plural(one.times, 'time')}, without an answer`, one),
  );
  const cards = [...answeredCards, ...unansweredCards];
  return html`<section aria-labelledby="failures">
    <h2 id="failures">Failures</h2>
    ${cards.length === 0 ? html`<p>No call has failed.</p>` : html`<div class="cards">${cards}</div>`}
  </section>`;
}
