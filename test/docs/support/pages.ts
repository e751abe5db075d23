import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** The pages that users read, by their path from the root. */
export const pages: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** A fenced block. `line` is the line of its first line of code, from 1. */
export interface Block {
  page: string;
  info: string;
  line: number;
  code: string;
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; code: string[] } | undefined;
  read(page)
    .split('\n')
    .forEach((text, index) => {
      const fence = /^```(.*)$/.exec(text);
      if (!fence) open?.code.push(text);
      else if (open) {
        blocks.push({ page, info: open.info, line: open.line, code: open.code.join('\n') });
        open = undefined;
      } else open = { info: fence[1]!.trim(), line: index + 2, code: [] };
    });
  if (open) throw new Error(`${page}:${open.line}: the block is never closed`);
  return blocks;
}

/** Blocks that make one module: a `ts` block and the `ts continues` blocks after it. */
export function examplesOf(page: string): Block[][] {
  const examples: Block[][] = [];
  for (const block of blocksOf(page)) {
    if (block.info === 'ts') examples.push([block]);
    else if (block.info === 'ts continues') {
      const last = examples.at(-1);
      if (!last) throw new Error(`${page}:${block.line}: continues nothing`);
      last.push(block);
    }
  }
  return examples;
}

const { dependencies } = JSON.parse(read('test/recipes/package.json')) as { dependencies: object };
const importsClient = new RegExp(`from '(${Object.keys(dependencies).join('|')})'`);

/** Whether an example needs the client of a database that `npm run test:recipes` installs, and so is tested there. */
export function isRecipe(blocks: readonly Block[]): boolean {
  return blocks.some(({ code }) => importsClient.test(code));
}

/** The cells of the tables under a heading, until the next heading; without their header rows. */
export function rowsUnder(page: string, heading: string): string[][] {
  const lines = read(page).split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`${page} has no heading "${heading}"`);
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line));
  const table = lines.slice(start, end < 0 ? undefined : end);
  return table
    .filter(
      (line, index) => line.startsWith('|') && !/^\| -/.test(line) && !/^\| -/.test(table[index + 1] ?? ''),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** What stands in code spans of a text. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
}
