import { beforeAll, describe, expect, test } from 'vitest';
import { observationRows } from '../../src/health/observations.js';
import { resolveRecorderOptions } from '../../src/health/options.js';
import { routeOf } from '../../src/wire/routes.js';
import { attentionScore, dayScore, dayWeight, reviewScore, type Threshold } from '../../src/health/states.js';
import { read, rowsUnder } from './support/pages.js';
import { createTypeReader } from './support/program.js';

let types: ReturnType<typeof createTypeReader>;
beforeAll(() => {
  types = createTypeReader('src/health/index.ts');
});

const page = 'docs/health.md';
const cells = (heading: string) =>
  rowsUnder(page, heading).map((row) => row.map((cell) => cell.replaceAll('`', '')));

describe('docs/health.md', () => {
  test('has a row for each option, with the default that is in force', () => {
    const told = cells('## Recording');
    expect(told.map(([name]) => name).sort()).toEqual(types.members('RecordHealthOptions').sort());
    const { file, maxRoutes, known } = resolveRecorderOptions({});
    expect(told.map((row) => row.at(-1))).toEqual([file ?? 'none', String(maxRoutes), '[]', '[]']);
    expect([known.deprecated('GET', '/'), known.private('GET', '/')]).toEqual([false, false]);
  });

  test('has an item for each field of a recording', () => {
    const fields = types.members('Recording').filter((name) => name !== 'slotMs');
    const [, section = ''] = read(page).split('### What only a recording knows\n');
    const items = [...section.split('\n#')[0]!.matchAll(/^- `(\w+)`: /gm)].map(([, name]) => name!);
    expect(items.sort()).toEqual(fields.sort());
  });

  test('has routes that come out as it says', () => {
    for (const [path = '', route] of cells('## Routes')) expect(routeOf(path)).toBe(route);
  });

  test('has the thresholds that are in force, each with its reason', () => {
    const written = ({ calls, share }: Threshold) =>
      share === 0 ? `${calls}` : `${calls} and ${Number((share * 100).toFixed(3))} %`;
    const told = cells('## States');
    expect(told.map(([title, warning, critical]) => [title, warning, critical])).toEqual(
      observationRows.map(({ title, thresholds }) => [
        title,
        written(thresholds.warning),
        written(thresholds.critical),
      ]),
    );
    for (const row of told) expect(row[3]).not.toBe('');
    expect(cells('## The seven observations').map(([title]) => title)).toEqual(
      observationRows.map(({ title }) => title),
    );
  });

  test('has the numbers of the score that are in force', () => {
    const text = read(page);
    expect(text).toContain(`Warning ${dayScore.Warning}`);
    expect(text).toContain(`weighs ${dayWeight} times`);
    expect(text).toContain(`a score of ${attentionScore} on`);
    expect(text).toContain(`a score of ${reviewScore} on`);
  });
});
