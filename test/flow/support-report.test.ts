import { expect, test } from 'vitest';
import { supportReport } from '../../src/index.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';

const rfis = '/rest/v1.0/projects/1/rfis';

test('a call that Procore refuses is reported with everything but its token', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({
    on: 'api',
    do: { kind: 'answer', status: 403, headers: { 'x-request-id': 'a-request-id' } },
  });
  const token = h.store.sets.get('default')!.access_token;
  const error = await caught(
    h.instance.post(rfis, { rfi: { subject: 'Door' }, password: 'hunter2' }, { params: { company_id: 7 } }),
  );
  const report = supportReport(new Error('The sync has failed.', { cause: error }));
  expect(report).toMatchObject({
    request: {
      method: 'POST',
      url: `${h.emulator.url}${rfis}?company_id=7`,
      body: '{"rfi":{"subject":"Door"},"password":"[redacted]"}',
    },
    response: { status: 403 },
    attempts: 1,
    problem: { kind: 'forbidden' },
  });
  expect(report.requestId).toBe(error.response!.headers['x-request-id']);
  const shown = `${JSON.stringify(report)}${String(report)}`;
  for (const secret of [token, 'hunter2']) expect(shown).not.toContain(secret);
});

test('a call that had to be given up without an answer of its own is reported as never answered', async () => {
  await using h = await createHarness();
  await h.store.remove?.('default');
  h.store.sets.clear();
  const error = await caught(h.instance.get(rfis));
  const report = supportReport(error);
  expect(report.response).toBeUndefined();
  expect(report.problem?.kind).toBe('reauthentication-required');
  expect(report).toMatchObject({ request: { method: 'GET', url: `${h.emulator.url}${rfis}` }, attempts: 0 });
});
