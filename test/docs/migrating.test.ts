import axios from 'axios';
import { expect, test } from 'vitest';
import * as emulator from '../../src/emulator/index.js';
import * as core from '../../src/index.js';
import { examplesOf } from './support/pages.js';
import { runExample } from './support/run.js';

test('the example that tries it out on the emulator: one exchange for calls side by side', async () => {
  const example = examplesOf('docs/migrating.md').find(([block]) => block!.code.includes('startEmulator'))!;
  const quiet = example.map((block) => ({ ...block, code: block.code.replace(/^console\.log.*$/m, '') }));
  const modules = { axios: { default: axios }, 'axios-procore': core, 'axios-procore/emulator': emulator };
  const { emulator: used } = await runExample(quiet, modules, ['emulator']);
  expect((used as emulator.Emulator).counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});
