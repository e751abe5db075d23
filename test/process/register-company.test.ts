import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { createConsumer, type Consumer } from '../support/packed.js';
import { startWithExpiredPair } from '../support/expired-pair.js';
import { runNode, variablesFor } from './support/applications.js';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['fs-native-extensions'] });
});
afterAll(() => consumer?.remove());

const calls = `
  const axios = require('axios');
  const api = axios.create({ baseURL: process.env.URL, validateStatus: () => true });
  void (async () => {
    await api.get('/rest/v2.0/companies/9007199254740993/projects');
    await api.get('/rest/v1.0/projects', { params: { company_id: 5 } });
    await api.get('/rest/v1.0/projects?company_id=6');
    await api.post('/rest/v1.0/projects', { company_id: 7, project: { name: 'Harbour' } });
    await api.get('/rest/v1.0/companies/8/users', { headers: { 'Procore-Company-Id': '9' } });
    await api.get('/rest/v1.0/companies/8/users', { headers: { 'Procore-Company-Id': '9' } });
    await api.get('/rest/v1.0/projects');
  })();`;
const named = ['9007199254740993', '5', '6', '7', '9', '9'];

/** The companies of the calls above, and the warnings on stderr. */
async function run(
  { onTestFinished }: TestContext,
  more: Record<string, string>,
  config?: string,
): Promise<{ companies: (string | undefined)[]; warnings: string[] }> {
  const { emulator, expired } = await startWithExpiredPair();
  onTestFinished(() => emulator.close());
  const folder = mkdtempSync(join(consumer.folder, 'application-'));
  const file = join(folder, 'procore.json');
  writeFileSync(file, JSON.stringify(expired));
  writeFileSync(join(folder, 'app.cjs'), calls);
  if (config !== undefined) writeFileSync(join(folder, 'procore.cjs'), config);
  const ended = await runNode(folder, ['--require', 'axios-procore/register', 'app.cjs'], {
    ...variablesFor(emulator),
    URL: emulator.url,
    PROCORE_TOKEN_FILE: file,
    ...(config === undefined ? {} : { PROCORE_CONFIG: './procore.cjs' }),
    ...more,
  });
  expect(ended.code).toBe(0);
  return {
    companies: emulator.log.filter(({ kind }) => kind === 'api').map(({ companyId }) => companyId),
    warnings: ended.stderr.split('\n').filter((line) => line.includes('ProcoreWarning')),
  };
}

describe.concurrent(
  'without a line in the application, a call is sent with the company that it names',
  () => {
    test.for([
      ['PROCORE_COMPANY_ID fills in', { PROCORE_COMPANY_ID: '42' }, undefined, '42'],
      ['without it the others have none', {}, undefined, undefined],
      ['a companyId in PROCORE_CONFIG fills in as well', {}, `module.exports = { companyId: '43' };`, '43'],
      [
        'so does what a module hands on from the variables',
        { PROCORE_COMPANY_ID: '42' },
        `module.exports = (options) => ({ ...options });`,
        '42',
      ],
    ] as const)('%s', async ([, more, config, filledIn], context) => {
      const { companies, warnings } = await run(context, more, config);
      expect(companies).toEqual([...named, filledIn]);
      // Of the two calls that name two companies, one is told of.
      expect(warnings).toEqual([
        expect.stringMatching(/names company 9 in its header Procore-Company-Id, and company 8 in its path/),
      ]);
    });

    test('a function in PROCORE_CONFIG decides by itself', async (context) => {
      const { companies } = await run(
        context,
        { PROCORE_COMPANY_ID: '42' },
        `module.exports = { companyId: () => '1' };`,
      );
      expect(companies).toEqual(['1', '1', '1', '1', '9', '9', '1']);
    });
  },
);
