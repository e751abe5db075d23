import MockAdapter from 'axios-mock-adapter';
import { examplesOf, type Block } from './support/pages.js';
import { runTestsOf } from './support/vitest-examples.js';

/** The examples of docs/testing.md that need no interception of what the whole process sends: those are in testing-interception.own-process.test.ts. */
for (const blocks of examplesOf('docs/testing.md').filter((blocks) => !intercepts(blocks)))
  runTestsOf(blocks, { 'axios-mock-adapter': { default: MockAdapter } });

function intercepts(blocks: readonly Block[]): boolean {
  return blocks.some(({ code }) => /from '(nock|msw)/.test(code));
}
