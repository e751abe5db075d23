import axios from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as emulator from '../../../src/emulator/index.js';
import * as axiosProcore from '../../../src/index.js';
import type { Block } from './pages.js';
import { runExample, type Modules } from './run.js';

/** Runs the tests of an example that is written for vitest, as tests of their own; `modules` are those that it imports besides. */
export function runTestsOf(blocks: readonly Block[], modules: Modules = {}): void {
  const [{ page, line }] = blocks as [Block];
  describe(`the tests of ${page}:${line}`, async () => {
    let count = 0;
    const counted = (name: string, run: () => Promise<void>) => {
      count++;
      test(name, run);
    };
    await runExample(blocks, {
      axios: { ...axios, default: axios },
      'axios-procore': axiosProcore,
      'axios-procore/emulator': emulator,
      vitest: { afterAll, afterEach, beforeAll, expect, test: counted, vi },
      ...modules,
    });
    test('are there', () => expect(count).toBeGreaterThan(0));
  });
}
