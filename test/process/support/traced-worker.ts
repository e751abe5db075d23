/** An application with the SDK of OpenTelemetry and its instrumentation of HTTP: makes a call that is sent twice, and tells what was recorded. */
import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { instrumentProcore } from '../../../src/opentelemetry/index.js';
import type { TokenSet } from '../../../src/store/store.js';
import { createTelemetry, type Point } from '../../support/telemetry.js';

/** What a worker tells its parent. */
export interface Traced {
  spans: {
    name: string;
    parent: string | undefined;
    attributes: Record<string, unknown>;
    events: string[];
  }[];
  points: Record<string, Point[]>;
  /** The points after `stop()` and one more call. */
  stopped: Record<string, Point[]>;
}

const [url, order, tokens] = process.argv.slice(2) as [string, 'before' | 'after', string];
const telemetry = createTelemetry();
let stop = order === 'before' ? instrumentProcore() : undefined;
telemetry.register();
const http = new HttpInstrumentation();
http.setMeterProvider(telemetry.meterProvider);
// The instrumentation patches a module when it is next required.
createRequire(import.meta.url)('http');
stop ??= instrumentProcore();

const { default: axios } = await import('axios');
const { attachProcore } = await import('../../../src/attach/attach.js');
const instance = axios.create({ baseURL: url, proxy: false, adapter: 'http' });
attachProcore(instance, {
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  environment: { loginUrl: url, apiUrl: url },
  store: { load: () => JSON.parse(tokens) as TokenSet, save: () => undefined },
  retry: { retries: 1, baseDelayMs: 1 },
});

await trace.getTracer('test').startActiveSpan('caller', async (span) => {
  await instance.get('/rest/v1.0/me');
  span.end();
});
const points = await telemetry.points();
const finished = [...telemetry.spans.getFinishedSpans()];
stop();
await instance.get('/rest/v1.0/me');
const nameOf = (id: string | undefined) => finished.find((span) => span.spanContext().spanId === id)?.name;
process.send!({
  spans: finished.map(({ name, parentSpanContext, attributes, events }) => ({
    name,
    parent: nameOf(parentSpanContext?.spanId),
    attributes,
    events: events.map((event) => event.name),
  })),
  points,
  stopped: await telemetry.points(),
} satisfies Traced);
await telemetry.stop();
process.disconnect();
