import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runNode } from './support/applications.js';

const folder = mkdtempSync(join(tmpdir(), 'axios-procore-unharmed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const calls = JSON.stringify(resolve('test/process/support/elsewhere-calls.cjs'));
const register = resolve('dist/cjs/register/index.js');
// The build for CommonJS, and the source that is published for ES modules.
const inCommonJs = join(folder, 'calls.cjs');
writeFileSync(
  inCommonJs,
  `const axios = require('node:module').createRequire(${JSON.stringify(resolve('package.json'))})(process.env.AXIOS);
   require(${calls})(axios).then((told) => process.stdout.write(told));`,
);
const inModule = join(folder, 'calls.mjs');
writeFileSync(
  inModule,
  `const { default: axios } = await import(process.env.AXIOS_URL);
   const { default: calls } = await import(${calls});
   process.stdout.write(await calls(axios));`,
);

type Told = Record<string, string>;

/** Runs the calls in a process of their own, with one of the copies of axios among our dependencies. */
async function tell(axios: string, file: string, isRegistered: boolean): Promise<Told> {
  const tokens = join(folder, `${axios}.json`);
  writeFileSync(tokens, JSON.stringify({ access_token: 'held-access', refresh_token: 'held-refresh' }), {
    mode: 0o600,
  });
  const { code, stdout, stderr } = await runNode(
    folder,
    [...(isRegistered ? ['--require', register] : []), file],
    {
      ...{ AXIOS: axios, AXIOS_URL: pathToFileURL(resolve('node_modules', axios, 'index.js')).href },
      ...{ PROCORE_CLIENT_ID: 'id', PROCORE_CLIENT_SECRET: 'secret', PROCORE_TOKEN_FILE: tokens },
    },
  );
  expect({
    code,
    stderr: stderr.replace(/^.*(?:Deprecation|Experimental)Warning.*\n|^\(Use `node.*\n/gm, ''),
  }).toEqual({
    code: 0,
    stderr: '',
  });
  return JSON.parse(stdout) as Told;
}

test.each([
  ['axios-0.27', 'a CommonJS application', inCommonJs],
  ['axios-1.2', 'an ES module', inModule],
  ['axios-1.7', 'an ES module', inModule],
  ['axios', 'a CommonJS application', inCommonJs],
])(
  'under register, calls to other hosts by %s in %s are what they are without it',
  async (axios, _in, file) => {
    const [bare, registered] = [await tell(axios, file, false), await tell(axios, file, true)];
    expect(Object.keys(bare).length).toBeGreaterThan(100);
    expect(JSON.stringify(bare)).not.toContain('held-');
    expect(registered).toEqual(bare);
  },
);
