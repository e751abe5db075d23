import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { axiosLimits, limitsToTell } from '../../src/axios/limits.js';
import { copies, exemptions, modes } from '../types/cells.js';
import { read } from './support/pages.js';

const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
const versionOf = (copy: string) =>
  (
    JSON.parse(readFileSync(new URL(`../../node_modules/${copy}/package.json`, import.meta.url), 'utf8')) as {
      version: string;
    }
  ).version;
const inOrder = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
const versions = Object.keys(manifest['devDependencies']!)
  .filter((name) => /^axios(-\d[\d.]*)?$/.test(name))
  .map(versionOf)
  .sort(inOrder);

/** The rows between two markers of docs/compatibility.md, without the head. */
function rows(name: string): string[][] {
  const [, part = ''] = new RegExp(`<!-- ${name} -->(.*)<!-- /${name} -->`, 's').exec(
    read('docs/compatibility.md'),
  )!;
  return part
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test('the axios table has each version that the tests run on, with the adapters that it has, and all of them pass', () => {
  const expected = versions.flatMap((version) =>
    (inOrder(version, '1.7.0') < 0 ? ['http'] : ['http', 'fetch']).map((adapter) => [
      version,
      adapter,
      'passes',
    ]),
  );
  expect(rows('axios')).toEqual(expected);
});

test('the peer range begins with the oldest of them', () => {
  expect(manifest['peerDependencies']!['axios']).toBe(`>=${versions[0]} <2`);
  expect(read('README.md')).toContain(`axios from ${versions[0]} to 1.x`);
});

test('the limits are those that the code declares', () => {
  const told = axiosLimits.map(({ from, below, adapter, what, here }) => [
    `from ${from}${below === undefined ? '' : `, below ${below}`}${adapter === undefined ? '' : `, ${adapter} adapter`}`,
    what,
    here,
  ]);
  expect(rows('limits')).toEqual(told);
});

test.each([
  [undefined, 0],
  ['0.27.2', 0],
  ['0.99.0', 0],
  ['1.0.0', 2],
  ['1.1.3', 1],
  ['1.2.0', 0],
  ['1.10.0', 0],
  ['1.21.1', 0],
])('axios %s: %i limits are told at the attach', (version, count) => {
  expect(limitsToTell(version)).toHaveLength(count);
});

test('the types table has each axios under each resolution, and nothing in it fails', () => {
  const table = rows('types');
  expect(table.map(([version, mode]) => [version, mode])).toEqual(
    copies.flatMap((copy) => Object.keys(modes).map((mode) => [versionOf(copy), mode])),
  );
  expect(table.flat()).not.toContain('fails');
});

test('the exemptions are those that the types tests know', () => {
  expect(rows('exemptions')).toEqual(
    exemptions.map((one) => [one.copies.map(versionOf).join(', '), one.mode, one.why]),
  );
});

test('the Node table has each runtime that the command runs, and nothing in it fails', () => {
  const { dependencies } = JSON.parse(read('test/node/package.json')) as { dependencies: object };
  const wanted = Object.values(dependencies).map((alias: string) => alias.split('@').at(-1));
  const [, head = ''] = /<!-- node -->\s+(\|.*\|)\n/.exec(read('docs/compatibility.md'))!;
  const told = head.split('|').slice(2, -1);
  expect(told.map((name) => name.trim().split(' ')[1]).sort()).toEqual(wanted.sort());
  for (const [what, ...cells] of rows('node')) {
    // The test command runs the flow tests on the oldest.
    const first = what === 'flow tests' ? '`npm test`' : 'passes';
    expect(cells.slice(0, 3)).toEqual([first, 'passes', 'passes']);
    for (const cell of cells.slice(3)) expect(['passes', 'says so', 'not run']).toContain(cell);
  }
  expect(manifest['engines']!['node']).toBe('>=20');
});

test('the bundles table has each bundler that the command installs, in its version, and nothing in it fails', () => {
  const { packages } = JSON.parse(read('test/bundles/package-lock.json')) as {
    packages: Record<string, { version: string }>;
  };
  for (const [bundler, version] of rows('bundles'))
    expect(packages[`node_modules/${bundler}`]?.version).toBe(version);
  const told = new Set(rows('bundles').map(([bundler]) => bundler));
  expect([...told]).toEqual(['esbuild', 'webpack', 'rollup', 'vite', '@vercel/ncc', '@vercel/nft']);
  for (const [, , output, runs] of rows('bundles'))
    expect(runs).toBe(output === 'for a browser' ? 'says so' : 'passes');
});

test('the table of copies has each pair that the command runs, and all of them pass', () => {
  const pairs = JSON.parse(read('test/copies/pairs.json')) as Record<string, string[]>;
  expect(rows('copies')).toEqual(
    Object.entries(pairs).flatMap(([plugin, applications]) =>
      applications.map((application) => [
        versionOf(application),
        versionOf(plugin),
        ...Array.from({ length: 4 }, () => 'passes'),
      ]),
    ),
  );
});

test('the copies beside the plugin are older and newer than its own, in both majors', () => {
  const pairs = JSON.parse(read('test/copies/pairs.json')) as Record<string, string[]>;
  const kinds = Object.entries(pairs).flatMap(([plugin, applications]) =>
    applications.map((application) => {
      const [own, other] = [versionOf(plugin), versionOf(application)];
      const majors = `${other.split('.')[0]} beside ${own.split('.')[0]}`;
      return `${majors}, ${['older', 'the same', 'newer'][Math.sign(inOrder(other, own)) + 1]}`;
    }),
  );
  expect([...new Set(kinds)].sort()).toEqual([
    '0 beside 0, older',
    '0 beside 1, older',
    '1 beside 0, newer',
    '1 beside 1, newer',
    '1 beside 1, older',
    '1 beside 1, the same',
  ]);
});
