import * as crypto from 'node:crypto';
import axios from 'axios';
import { describe, expect, test } from 'vitest';
import * as emulatorModule from '../../src/emulator/index.js';
import * as axiosProcore from '../../src/index.js';
import { examplesOf } from './support/pages.js';
import { runExample } from './support/run.js';

describe('the tests with mocks of docs/emulator.md', async () => {
  const example = examplesOf('docs/emulator.md').at(-1)!;
  const tests: [name: string, run: () => Promise<void>][] = [];
  await runExample(example, {
    axios: { ...axios, default: axios },
    'axios-procore': axiosProcore,
    vitest: { expect, test: (name: string, run: () => Promise<void>) => void tests.push([name, run]) },
  });
  for (const [name, run] of tests) test(name, run);
  test('are two', () => expect(tests).toHaveLength(2));
});

describe('the example of docs/emulator.md', async () => {
  const tests: [name: string, run: () => Promise<void>][] = [];
  const ends: (() => Promise<void>)[] = [];
  const vitest = {
    expect,
    test: (name: string, run: () => Promise<void>) => void tests.push([name, run]),
    afterAll: (end: () => Promise<void>) => void ends.push(end),
  };
  const [example] = examplesOf('docs/emulator.md');
  await runExample(example!, {
    axios: { ...axios, default: axios },
    'axios-procore': axiosProcore,
    'axios-procore/emulator': emulatorModule,
    'node:crypto': crypto,
    vitest,
  });
  for (const [name, run] of tests) test(name, run);
  test('tidies up', async () => {
    expect(tests).toHaveLength(6);
    expect(ends).toHaveLength(2);
    for (const end of ends) await end();
  });
});
