import { expect, test } from 'vitest';
import { pages, read, rowsUnder } from './support/pages.js';

const page = 'docs/README.md';

test('the index of docs has a line for every page, and each page once', () => {
  const [, groups = ''] = read(page).split(/^## To begin with$/m);
  const linked = [...groups.matchAll(/^- \[[^\]]+\]\(([\w-]+\.md)\): \S/gm)].map(
    ([, name]) => `docs/${name}`,
  );
  const others = pages.filter((name) => name.startsWith('docs/') && name !== page);
  expect(linked.sort()).toEqual([...others].sort());
});

test('ten questions lead to their answers', () => {
  const rows = rowsUnder(page, '## Ten questions');
  expect(rows).toHaveLength(10);
  for (const [question, answer] of rows) {
    expect(question).toMatch(/\?$/);
    expect(answer).toMatch(/\]\([\w-]+\.md(#[\w-]+)?\)/);
  }
});
