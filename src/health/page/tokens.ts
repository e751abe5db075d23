import type { Recording } from '../recording.js';
import { isTokenFailure, type TokenEvent, type TokenEventName } from '../token-events.js';
import type { Charts } from './charts.js';
import type { Html } from './markup.js';
import { plural, type Parts } from './parts.js';
import { mostAccounts } from './token-lives.js';

const names: Readonly<Record<TokenEventName, string>> = {
  'token-renewed': 'Renewed',
  'token-adopted': 'Taken over from another process or copy',
  'token-renewal-failed': 'Renewal failed',
  'token-save-failed': 'Save failed',
  'token-saved-late': 'Saved after all',
  'reauthentication-required': 'Log-in needed',
};
/** So many of the newest events are shown at once, all of them on demand. */
const mostShown = 12;

/** The lives of tokens: renewals, adoptions, and failures with their remedies. */
export function tokensSection(parts: Parts, charts: Charts, recording: Recording): Html {
  const { html, figure, fold, count, failure } = parts;
  const { renewed, adopted, failed, events, failures } = recording.tokens;
  const newest = [...events].reverse();
  const cards = failures.map((one) =>
    failure(one.title, html`${count(one.times)} ${plural(one.times, 'time')}`, one),
  );
  const content = () =>
    html`${figure(
      charts.tokenLives(recording),
      'Lives of tokens',
      `A bar is the life of an access token from its renewal to the next one, or to its expiry; a diamond is a failure. Times are UTC. Of many accounts ${mostAccounts} are drawn, those with failures first.`,
    )}
    ${eventsTable(parts, 'Newest events of tokens', newest.slice(0, mostShown))}
    ${newest.length > mostShown ? fold(`All ${newest.length} events of tokens that were kept`, eventsTable(parts, 'Events of tokens', newest)) : []}
    ${cards.length === 0 ? [] : html`<div class="cards">${cards}</div>`}`;
  return html`<section aria-labelledby="tokens">
    <h2 id="tokens">Tokens</h2>
    <p>
      ${count(renewed)} ${plural(renewed, 'renewal')}, ${count(adopted)} taken over from another process or
      copy, ${count(failed)} ${plural(failed, 'failure')}.
    </p>
    ${events.length === 0 ? html`<p>No token has been renewed.</p>` : content()}
  </section>`;
}

function eventsTable(parts: Parts, caption: string, events: readonly TokenEvent[]): Html {
  const { html, table, moment } = parts;
  return table(
    caption,
    [{ head: 'Time (UTC)' }, { head: 'Account' }, { head: 'Event' }],
    events.map((event) => [
      moment(event.at),
      html`<span class="account">${event.account}</span>`,
      html`<strong class="${isTokenFailure(event) ? 'failed' : 'fine'}">${names[event.event]}</strong>
        ${more(parts, event)}`,
    ]),
  );
}

function more({ html, moment }: Parts, { accessToken, expiresAt, message }: TokenEvent): Html {
  if (message !== undefined) return html`<br />${message}`;
  if (accessToken === undefined) return html``;
  const until = expiresAt === undefined ? html`` : html`, expires ${moment(expiresAt)}`;
  return html`<br />token <code>${accessToken}</code>${until}`;
}
