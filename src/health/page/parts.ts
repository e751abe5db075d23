import type { DayState, WindowState } from '../states.js';
import { grade } from './grades.js';
import { createMarkup, Html, type Markup } from './markup.js';

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
  figure(svg: string, label: string, note: string): Html;
  /** A cause and what to do about it. */
  remedy(cause: string, remedy: string, docsUrl: string, linked: string): Html;
  state(state: WindowState | DayState): Html;
  day(date: string): Html;
  count(value: number): Html;
}

/** Creates the parts of one page; `escape` makes a text harmless between tags and in quoted attributes. */
export function createParts(escape: (text: string) => string): Parts {
  const html = createMarkup(escape);
  const numbers = (column: Column | undefined) => (column?.isNumber ? html` class="number"` : html``);

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
    figure(svg, label, note) {
      const image = new Html(svg.replace('<svg ', html`<svg role="img" aria-label="${label}" `.text));
      return html`<figure>
        ${image}
        <figcaption>${label}. ${note}</figcaption>
      </figure>`;
    },
    remedy: (cause, remedy, docsUrl, linked) =>
      html`<dl>
        <dt>Cause</dt>
        <dd>${cause}</dd>
        <dt>Remedy</dt>
        <dd>${remedy} <a href="${docsUrl}">Procore on ${linked}</a></dd>
      </dl>`,
    state: (state) => html`<span class="state ${grade(state)}">${state}</span>`,
    day: (date) => html`<time datetime="${date}">${date}</time>`,
    count: (value) => html`<data value="${value}">${value.toLocaleString('en')}</data>`,
  };
}

/** The word for this many. */
export function plural(many: number, word: string): string {
  return many === 1 ? word : `${word}s`;
}
