import escapeHtml from 'escape-html';

/** A piece of HTML in which all values were escaped. */
export class Html {
  constructor(readonly source: string) {}
}

function written(value: unknown): string {
  if (value instanceof Html) return value.source;
  if (Array.isArray(value)) return value.map(written).join('');
  return escapeHtml(String(value));
}

/** A template: `` html`<li>${name}</li>` ``. An application has a template engine for this. */
export function html(texts: TemplateStringsArray, ...values: unknown[]): Html {
  return new Html(
    texts.map((text, index) => text + (index < values.length ? written(values[index]) : '')).join(''),
  );
}

/** A whole page. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
      </head>
      <body>
        <h1>${title}</h1>
        ${body}
        <p><a href="/">Start</a> <a href="/projects">Projects</a></p>
      </body>
    </html>`.source;
}
