import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/answer.js';
import { commands } from '../../src/cli/commands.js';
import { Command } from '../../src/cli/libraries.js';
import { defaultRedirectUri } from '../../src/cli/login/redirect-uri.js';
import { command, createPlace } from '../support/command.js';
import { blocksOf, codeIn, read, rowsUnder } from './support/pages.js';

const page = 'docs/command-line.md';

test('has a row for each command, with each of its options', () => {
  const told = rowsUnder(page, '## Commands').map(([name = '', , options = '']) => [
    name.replaceAll('`', ''),
    codeIn(options)
      .filter((option) => option !== '--json')
      .sort(),
  ]);
  const are = commands.map(({ name, takes }) => [
    name,
    takes(new Command(name))
      .options.map(({ long }) => long!)
      .sort(),
  ]);
  expect(told).toEqual(are);
});

test('tells the exit codes, the redirect URI and the time that login waits', () => {
  const told = rowsUnder(page, '## Exit codes').map(([code]) => Number(code));
  expect(told).toEqual(Object.values(exitCodes));
  expect(codeIn(read(page))).toContain(defaultRedirectUri);
  const { takes } = commands.find(({ name }) => name === 'login')!;
  const wait = takes(new Command('login')).options.find(({ long }) => long === '--timeout')!;
  expect(read(page)).toContain(`after \`--timeout\` seconds, ${wait.defaultValue as number} by default`);
});

test('has a row for each check of the doctor, in its order, and for the fields of each document', async () => {
  const place = await createPlace();
  try {
    writeFileSync(place.file, JSON.stringify(place.emulator.issue()));
    const ran = await command(['doctor', '--json', '--refresh'], { environment: place.environment });
    const { checks } = JSON.parse(ran.out) as { checks: { check: string }[] };
    expect(rowsUnder(page, '## What the doctor looks at').map(([name]) => name!.replaceAll('`', ''))).toEqual(
      checks.map(({ check }) => check),
    );
  } finally {
    await place.close();
  }
});

test('its commands run as they stand', async () => {
  const lines = blocksOf(page)
    .filter(({ info }) => info === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .filter((line) => /^(?:npx )?axios-procore/.test(line));
  expect(lines.length).toBeGreaterThan(5);
  const place = await createPlace();
  try {
    writeFileSync(place.file, JSON.stringify(place.emulator.issue()));
    for (const line of lines) {
      const args = line
        .replace(/^(?:npx )?axios-procore ?/, '')
        .split(' ')
        .filter(Boolean);
      const { code, err } = await command(args, { environment: place.environment });
      expect([line, code, err]).toEqual([line, 0, '']);
    }
  } finally {
    await place.close();
  }
});
