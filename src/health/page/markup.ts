/** A piece of HTML, in which every text has been escaped. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template: texts and numbers are escaped, pieces of HTML are not. */
type Part = Html | string | number | readonly Part[];

/** Makes HTML from a template. Whatever is put into it is escaped, unless it is HTML already. */
export type Markup = (template: TemplateStringsArray, ...parts: readonly Part[]) => Html;

/** Creates the templates of one page; `escape` makes a text harmless between tags and in quoted attributes. */
export function createMarkup(escape: (text: string) => string): Markup {
  const written = (part: Part): string => {
    if (part instanceof Html) return part.text;
    if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
    return part.map(written).join('\n');
  };
  return (template, ...parts) =>
    new Html(
      template.reduce((text, literal, index) => {
        const part = parts[index - 1];
        return text + (part === undefined ? '' : written(part)) + literal;
      }, ''),
    );
}
