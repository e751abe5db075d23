/** A page with these tables between their markers (`<!-- kinds -->` and `<!-- /kinds -->`). */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, rows]) => {
    const [before, rest] = split(text, `<!-- ${name} -->\n`);
    const [, after] = split(rest, `<!-- /${name} -->\n`);
    return `${before}<!-- ${name} -->\n\n${rows}\n\n<!-- /${name} -->\n${after}`;
  }, page);
}

function split(text: string, marker: string): [string, string] {
  const parts = text.split(marker);
  if (parts.length !== 2)
    throw new Error(`the page has the marker ${marker.trim()} ${parts.length - 1} times`);
  return parts as [string, string];
}

/** A table in Markdown. */
export function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `<token>` is no element, and a bar would end the cell. */
export function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('|', '\\|');
}
