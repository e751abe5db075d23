import { channel } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { instrumentProcore } from '../../src/opentelemetry/index.js';
import { createTelemetry } from '../support/telemetry.js';
import { detailOf, eventNames } from '../unit/observe/support/details.js';
import { codeIn, rowsUnder } from './support/pages.js';
import { createTypeReader } from './support/program.js';

const rows = rowsUnder('docs/observability.md', '## OpenTelemetry');
const telemetry = createTelemetry();
let types: ReturnType<typeof createTypeReader>;
beforeAll(() => {
  types = createTypeReader('src/opentelemetry/index.ts');
});
afterAll(() => telemetry.stop());

describe('docs/observability.md', () => {
  test('has a row for each option', () => {
    const told = rows.map(([name = '']) => name.replaceAll('`', '')).filter((name) => !name.includes('.'));
    expect(told.sort()).toEqual(types.members('InstrumentProcoreOptions').sort());
  });

  test('has a row for each metric, with its unit and all of its attributes', async () => {
    const stop = instrumentProcore({ meterProvider: telemetry.meterProvider });
    for (const event of eventNames)
      channel(`axios-procore:${event}`).publish(detailOf(event, { waitedMs: 1 }).detail);
    stop();
    const units = await telemetry.units();
    const points = await telemetry.points();
    const metrics = rows.filter(([, unit = '']) => /^(histogram|counter|gauge), /.test(unit));
    expect(metrics.map(([name = '']) => codeIn(name)[0]).sort()).toEqual(Object.keys(units).sort());
    for (const [name = '', unit = '', , attributes = ''] of metrics) {
      const metric = codeIn(name)[0]!;
      expect([metric, codeIn(unit)]).toEqual([metric, [units[metric]]]);
      const seen = points[metric]!.flatMap((point) => Object.keys(point.attributes));
      const own = [...new Set(seen)].filter((attribute) => !attribute.startsWith('server.'));
      expect([metric, codeIn(attributes)]).toEqual([metric, expect.arrayContaining(own)]);
    }
  });
});
