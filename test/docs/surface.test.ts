import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveOptions as resolveEmulatorOptions } from '../../src/emulator/options.js';
import * as axiosProcore from '../../src/index.js';
import { resolveOptions } from '../../src/options/checks.js';
import { type Settings } from '../../src/options/options.js';
import { holdAnswer } from '../../src/token/pair/token-set.js';
import { codeIn, pages, read, root, rowsUnder } from './support/pages.js';
import { createTypeReader } from './support/program.js';

let types: ReturnType<typeof createTypeReader>;
let emulatorTypes: ReturnType<typeof createTypeReader>;
beforeAll(() => {
  types = createTypeReader('src/index.ts');
  emulatorTypes = createTypeReader('src/emulator/index.ts');
});

/** The first cells of a table, without their code marks. */
const firstCells = (page: string, heading: string) =>
  rowsUnder(page, heading).map(([first = '']) => first.replaceAll('`', ''));
const everyPage = () => pages.map(read).join('\n');
const undocumented = (names: string[], text = everyPage()) => {
  const spans = new Set(codeIn(text).flatMap((span) => [span, ...span.split(/[^\w-]+/)]));
  return names.filter((name) => !spans.has(name));
};

describe('docs/reference.md', () => {
  test('has a row for each option, and none for anything else', () => {
    const dotted = types.members('ProcoreOptions').flatMap((name) => {
      if (name === 'renewal') return types.members('RenewalOptions').map((own) => `renewal.${own}`);
      if (name === 'retry') return [name, ...types.members('RetryOptions').map((own) => `retry.${own}`)];
      if (name === 'legacy') return types.members('LegacyOptions').map((own) => `legacy.${own}`);
      return name === 'rateLimit' ? [name, 'rateLimit.scope', 'rateLimit.shared'] : [name];
    });
    expect(firstCells('docs/reference.md', '## Options').sort()).toEqual(dotted.sort());
  });

  test('has a row for each option of a request, and none for anything else', () => {
    expect(firstCells('docs/reference.md', '### Per request').sort()).toEqual(
      types.members('ProcoreRequestOptions').sort(),
    );
  });

  test('tells the defaults that are in force', () => {
    const emptyStore = { load: () => undefined, save: () => undefined };
    const settings = resolveOptions({ clientId: 'id', clientSecret: 'secret', store: emptyStore });
    const inForce: Record<string, unknown> = {
      environment: 'production',
      origins: [],
      // Not an option with a value inside: a call without account is the default account's.
      account: 'default',
    };
    expect(settings.environment).toBe(axiosProcore.environments.production);
    expect([...settings.allowedOrigins].sort()).toEqual(
      [...Object.values(axiosProcore.environments.production), 'https://app.procore.com'].sort(),
    );
    const found = (path: string): unknown =>
      path in inForce
        ? inForce[path]
        : path
            .split('.')
            .reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], settings);
    for (const [name = '', , told = ''] of rowsUnder('docs/reference.md', '## Options')) {
      const path = name.replaceAll('`', '');
      const literal = /^`(.+)`$/.exec(told)?.[1];
      if (literal) expect([path, JSON.stringify(found(path))]).toEqual([path, literal.replaceAll("'", '"')]);
      else if (told.startsWith('none')) expect([path, found(path)]).toEqual([path, undefined]);
      else
        expect([path, told]).toEqual([
          path,
          expect.stringMatching(/^required|10 % of the life|the (three|one) below/),
        ]);
    }
    const { retry } = settings as { retry: Settings['retry'] };
    expect(retry).toEqual({ retries: 4, baseDelayMs: 500, maxDelayMs: 30_000 });
  });

  test('tells the default of aheadMs that is in force', () => {
    const aheadMs = (lifeSeconds: number) =>
      holdAnswer({ access_token: 'a', expires_in: lifeSeconds }, 0, { aheadMs: undefined, draw: 0 }).aheadMs;
    expect([aheadMs(1_000), aheadMs(100_000)]).toEqual([100_000, 300_000]);
    expect(
      rowsUnder('docs/reference.md', '## Options').find(([name]) => name === '`renewal.aheadMs`')?.[2],
    ).toBe('10 % of the life, at most 300,000');
  });

  test('has the environments as they are', () => {
    const told = rowsUnder('docs/reference.md', '### Environments').map((cells) =>
      cells.map((cell) => cell.replaceAll('`', '')),
    );
    expect(told).toEqual(
      Object.entries(axiosProcore.environments).map(([name, { loginUrl, apiUrl }]) => [
        name,
        loginUrl,
        apiUrl,
      ]),
    );
  });

  test('has a row for each event, and each warning code', () => {
    expect(firstCells('docs/reference.md', '## Events').sort()).toEqual(
      types.members('ProcoreEvents').sort(),
    );
    const events = read('docs/reference.md').split('## Events')[1]!.split('## Errors')[0]!;
    expect(undocumented(types.literals('WarningCode'), events)).toEqual([]);
  });

  test('leaves every field of the events of calls and of the pacing to the page on observability, which has them', () => {
    const page = read('docs/observability.md');
    for (const type of ['ProcoreEvents', 'CallOfEvent', 'CallSoFar', 'PacingStatus'])
      expect(undocumented(types.members(type), page)).toEqual([]);
  });

  test('has a row for each error, with its code and synthetic status, and each reason', () => {
    const rows = rowsUnder('docs/reference.md', '## Errors').map((cells) =>
      cells.map((cell) => cell.replaceAll('`', '')),
    );
    expect(rows.map(([, code]) => code).sort()).toEqual(types.literals('ProcoreErrorCode').sort());
    for (const [name = '', code, , , status] of rows) {
      const Raised = axiosProcore[name as 'DeadlineError'];
      const error = new Raised('it failed.', { reason: 'no-tokens' });
      expect([error.name, error.code, String(error.response.status)]).toEqual([name, code, status]);
    }
    expect(undocumented(types.literals('ReauthenticationReason'), read('docs/reference.md'))).toEqual([]);
  });

  test('has a row for each member of the handle', () => {
    const told = firstCells('docs/reference.md', '## The handle').map((cell) => cell.replace(/\(.*/, ''));
    expect(told.sort()).toEqual(types.members('Procore').sort());
  });
});

test('docs/stores.md tells of each callback, docs/emulator.md of each option, member, counter and fault', () => {
  expect(undocumented(types.members('TokenStore'), read('docs/stores.md'))).toEqual([]);
  const page = read('docs/emulator.md');
  const told = rowsUnder('docs/emulator.md', '## Options');
  expect(told.map(([name]) => name!.replaceAll('`', '')).sort()).toEqual(
    emulatorTypes.members('EmulatorOptions').sort(),
  );
  const inForce = resolveEmulatorOptions({}) as unknown as Record<string, unknown>;
  for (const [name = '', , value = ''] of told) {
    const option = name.replaceAll('`', '');
    const literal = value.replaceAll('`', '').replaceAll("'", '"');
    if (option === 'now') expect([inForce[option], literal]).toEqual([Date.now, 'Date.now']);
    else expect([option, JSON.stringify(inForce[option]) ?? 'none']).toEqual([option, literal]);
  }
  for (const type of ['Emulator', 'Counters', 'FaultHandle', 'Fault']) {
    expect(undocumented(emulatorTypes.members(type), page)).toEqual([]);
  }
  const kinds = ['drop', 'answer', 'delay', 'hang', 'hold', 'cut', 'redirect'];
  expect(firstCells('docs/emulator.md', '## Faults')).toEqual(kinds);
});

const firstCodeOfRows = (page: string) =>
  [...read(page).matchAll(/^\| `(src\/[^`]+\/)`/gm)].map(([, folder = '']) => folder);

test('docs/architecture.md lists the rooms of the source in the order that their imports are held to', async () => {
  // A path that is no literal: TypeScript would ask for its types.
  const place: string = '../../.dependency-cruiser.mjs';
  const { rooms, tokenRooms } = (await import(place)) as Record<'rooms' | 'tokenRooms', string[]>;
  const told = firstCodeOfRows('docs/architecture.md');
  expect(told).toEqual([
    ...rooms.map((room) => `src/${room}/`),
    ...tokenRooms.map((room) => `src/token/${room}/`),
  ]);
  const foldersIn = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${path}/${entry.name}/`);
  expect([...foldersIn('src'), ...foldersIn('src/token')].sort()).toEqual([...told].sort());
});

test('every source file that a page of the docs names is there', () => {
  const named = ['docs/architecture.md', 'CONTRIBUTING.md'].flatMap((page) =>
    codeIn(read(page)).filter((span) => /^src\//.test(span)),
  );
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
