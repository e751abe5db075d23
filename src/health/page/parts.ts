import type { DayState, WindowState } from '../states.js';
import type { Chart } from './drawing.js';
import { grade } from './grades.js';
import { createMarkup, Html, type Markup } from './markup.js';
import { duration, readable } from './moments.js';

/** A column of a table. The first column of each table names the row. */
interface Column {
  readonly head: string;
  /** Numbers stand under one another. */
  readonly isNumber?: boolean;
}

/** What the sections of a page are made of. */
export interface Parts {
  readonly html: Markup;
  /** A table with a head, of which the first cell of each row is the row's header. */
  table(caption: string, columns: readonly Column[], rows: readonly (readonly Html[])[]): Html;
  /** A chart, which a screen reader takes for an image: the table beside it has its numbers. */
  figure(chart: Chart, label: string, note: string): Html;
  /** What is shown on demand. */
  fold(summary: string, content: Html): Html;
  /** A failure with its cause and what to do about it; `times` says how often there was one. */
  failure(
    title: string,
    times: Html,
    failure: { readonly cause: string; readonly remedy: string; readonly docsUrl: string },
  ): Html;
  /** A cause and what to do about it. */
  remedy(cause: string, remedy: string, docsUrl: string, linked: string): Html;
  state(state: WindowState | DayState): Html;
  day(date: string): Html;
  /** A moment as ISO 8601 in UTC. */
  moment(at: string): Html;
  count(value: number): Html;
  /** A length of time in milliseconds. */
  length(ms: number): Html;
}

/** Creates the parts of one page; `escape` makes a text harmless between tags and in quoted attributes. */
export function createParts(escape: (text: string) => string): Parts {
  const html = createMarkup(escape);
  const numbers = (column: Column | undefined) => (column?.isNumber ? html` class="number"` : html``);

  const remedy: Parts['remedy'] = (cause, what, docsUrl, linked) =>
    html`<dl>
      <dt>Cause</dt>
      <dd>${cause}</dd>
      <dt>Remedy</dt>
      <dd>${what} <a href="${docsUrl}">Procore on ${linked}</a></dd>
    </dl>`;

  return {
    html,
    table: (caption, columns, rows) =>
      html`<table>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col" ${numbers(column)}>${column.head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([header = html``, ...cells]) =>
              html`<tr>
                <th scope="row">${header}</th>
                ${cells.map((cell, index) => html`<td${numbers(columns[index + 1])}>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>`,
    figure({ wide, narrow }, label, note) {
      const image = (svg: string, width: string) =>
        new Html(svg.replace('<svg ', html`<svg class="${width}" role="img" aria-label="${label}" `.text));
      return html`<figure>
        ${image(wide, 'wide')} ${image(narrow, 'narrow')}
        <figcaption>${label}. ${note}</figcaption>
      </figure>`;
    },
    fold: (summary, content) =>
      html`<details>
        <summary>${summary}</summary>
        ${content}
      </details>`,
    failure: (title, times, failure) =>
      html`<article class="card">
        <h3>${title}</h3>
        <p>${times}</p>
        ${remedy(failure.cause, failure.remedy, failure.docsUrl, title)}
      </article>`,
    remedy,
    state: (state) => html`<span class="state ${grade(state)}">${state}</span>`,
    day: (date) => html`<time datetime="${date}">${date}</time>`,
    moment: (at) => html`<time datetime="${at}">${readable(at)}</time>`,
    length: (ms) => html`<data value="${ms}">${duration(ms)}</data>`,
    count: (value) => html`<data value="${value}">${value.toLocaleString('en')}</data>`,
  };
}

/** The word for this many. */
export function plural(many: number, word: string): string {
  return many === 1 ? word : `${word}s`;
}
