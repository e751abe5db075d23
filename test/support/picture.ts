import { parse } from 'node-html-parser';

/** What the picture of a run of the demo shows: sentences without their line breaks, and the cells of the table. */
export interface Picture {
  readonly command: string;
  readonly opening: string;
  readonly story: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly verdict: string;
}

export function pictureIn(svg: string): Picture {
  const lines = new Map<string, string[]>();
  for (const text of parse(svg).querySelectorAll('text')) {
    const height = text.getAttribute('y')!;
    lines.set(height, [...(lines.get(height) ?? []), text.text.replaceAll('\u00a0', ' ')]);
  }
  const [command = [''], ...shown] = lines.values();
  const isTimed = ([first = '']: string[]) => /^[\d.]+ s *$/.test(first);
  const isOfTable = ([first = '']: string[]) => /^[┌├│└]/.test(first);
  const story = shown.findIndex(isTimed);
  const table = shown.findIndex(isOfTable);
  const behind = table + shown.filter(isOfTable).length;
  const joined = (of: string[][]) => of.flat().join(' ').replace(/ +/g, ' ').trim();
  return {
    command: joined([command]),
    opening: joined(shown.slice(0, story)),
    story: shown.slice(story, table).reduce<string[]>((told, line) => {
      if (isTimed(line)) return [...told, joined([line.slice(1)])];
      return [...told.slice(0, -1), `${told.at(-1)} ${joined([line])}`];
    }, []),
    rows: shown
      .slice(table, behind)
      .filter(([first = '']) => first.startsWith('│'))
      .map((line) =>
        line
          .join('')
          .split('│')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
    verdict: joined(shown.slice(behind)),
  };
}
