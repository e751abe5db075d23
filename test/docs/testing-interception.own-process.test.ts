import * as msw from 'msw';
import * as mswNode from 'msw/node';
import nock from 'nock';
import { examplesOf } from './support/pages.js';
import { runTestsOf } from './support/vitest-examples.js';

/** The examples of docs/testing.md in which nock or msw intercepts what the process sends; one after the other, so that each is alone. */
for (const library of ['nock', 'msw'])
  for (const blocks of examplesOf('docs/testing.md'))
    if (blocks.some(({ code }) => code.includes(`from '${library}'`)))
      runTestsOf(blocks, { nock: { default: nock }, msw, 'msw/node': mswNode });
