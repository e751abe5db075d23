import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';
import { pageOf, type Page } from '../support/markdown.js';
import { pages, read, root } from './support/pages.js';

const filesIn = (folder: string, name: RegExp) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .filter((path) => name.test(path) && !/node_modules|\.next/.test(path));

const changesets = filesIn('.changeset', /\.md$/).filter((path) => !path.endsWith('README.md'));
const everyPage = [
  ...pages,
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
  '.changeset/README.md',
  ...changesets,
  ...filesIn('.github', /\.md$/),
  ...filesIn('examples', /\.md$/),
];

const parsed = new Map<string, Page>();
function pageAt(path: string): Page {
  const page = parsed.get(path) ?? pageOf(read(path));
  parsed.set(path, page);
  return page;
}

/** What is wrong with a link of a page, from which relative links start in `folder`. */
function faultOf(target: string, page: string, folder: string): string | undefined {
  // Procore's own; GitHub makes links of addresses.
  if (/^mailto:[\w.-]+@procore\.com$/.test(target)) return undefined;
  if (/^[a-z][a-z\d+.-]*:|^\/\//i.test(target))
    return /^https:\/\/[^\s"<>]+$/.test(target) && URL.canParse(target) ? undefined : 'is no https address';
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : posix.join(folder, decodeURIComponent(path));
  if (path.startsWith('/') || file.startsWith('..') || !existsSync(join(root, file))) return 'is not there';
  if (anchor === undefined) return undefined;
  if (statSync(join(root, file)).isDirectory() || !file.endsWith('.md')) return 'has no headings';
  return pageAt(file).anchors.has(anchor) ? undefined : 'has no such heading';
}

const faults = (targets: readonly string[], page: string, folder: string) =>
  targets.flatMap((target) => faultOf(target, page, folder)?.replace(/^/, `${target} `) ?? []);

test('every link of a page leads to a file that is there and to a heading in it, and links that leave the project are https', () => {
  for (const page of everyPage) {
    const { targets, unresolved } = pageAt(page);
    // The sentences of changesets become those of CHANGELOG.md.
    const folder = changesets.includes(page) ? '.' : posix.dirname(page);
    expect([page, faults(targets, page, folder), unresolved]).toEqual([page, [], []]);
  }
});

test('every page of docs is linked from another page', () => {
  const linked = everyPage.flatMap((page) =>
    pageAt(page).targets.flatMap((target) => {
      const path = posix.join(posix.dirname(page), target.split('#')[0]!);
      return path === page ? [] : path;
    }),
  );
  expect(pages.filter((page) => page.startsWith('docs/') && !linked.includes(page))).toEqual([]);
});

test('every page and heading that code, comments and messages name is there', () => {
  const programs = ['src', 'test', 'bench', 'scripts', 'examples', '.github']
    .flatMap((folder) => filesIn(folder, /\.([cm]?[jt]sx?|ya?ml)$/))
    // These read the pages themselves.
    .filter((file) => !file.startsWith('test/docs/'));
  for (const file of programs) {
    const named =
      read(file).match(/(?<![\w/])(docs\/[\w-]+\.md|README\.md|CONTRIBUTING\.md)(#[\w-]+)?/g) ?? [];
    expect([file, faults(named, file, '.')]).toEqual([file, []]);
  }
});

test('a link by reference, an anchor of HTML and an image are read as GitHub shows them', () => {
  const { targets, anchors, unresolved } = pageOf(
    [
      '# The `store` & its lock: what *lasts*?',
      '## Notes',
      '## Notes',
      '<a id="here"></a>',
      '[one][a], [two], ![three](c.svg) <img src="d.svg"> `[four](e.md)` `[five][f]` [six][g]',
      '',
      '[a]: a.md#x',
      '[two]: b.md',
    ].join('\n'),
  );
  expect(targets).toEqual(['a.md#x', 'b.md', 'c.svg', 'd.svg']);
  expect([...anchors]).toEqual(['the-store--its-lock-what-lasts', 'notes', 'notes-1', 'here']);
  expect(unresolved).toEqual(['[six][g]']);
});
