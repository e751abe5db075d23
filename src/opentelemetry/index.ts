/**
 * The events of the plugin as metrics of OpenTelemetry and on the spans of calls. `docs/observability.md` explains it.
 *
 * @module axios-procore/opentelemetry
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { diag, metrics, trace } from '@opentelemetry/api';
import { createHandlers } from './handlers.js';
import { createInstruments } from './instruments.js';
import { checkOptions, type InstrumentProcoreOptions } from './options.js';

export type { InstrumentProcoreOptions } from './options.js';

/**
 * Turns the events of all attached instances of this process into metrics of OpenTelemetry, and tells waits and retries as events on the
 * span that is active where the call is made. It makes no spans: those of the requests are made by the instrumentation of HTTP.
 *
 * Call it once in a process, before or after the SDK is started. It only listens: what fails in it is told to `diag`, and fails no call.
 *
 * @returns the function that ends it.
 * @throws TypeError for a wrong option.
 * @example
 * const stop = instrumentProcore();
 */
export function instrumentProcore(options: InstrumentProcoreOptions = {}): () => void {
  checkOptions(options);
  const { meterProvider, perAccount = false } = options;
  const handlers = createHandlers({
    instruments: createInstruments(() => meterProvider ?? metrics.getMeterProvider()),
    activeSpan: () => trace.getActiveSpan(),
    perAccount,
  });
  const subscriptions = Object.entries(handlers).map(([event, handler]) => {
    const listener = (detail: unknown) => {
      try {
        handler(detail as never);
      } catch (error) {
        diag.error(`axios-procore: the telemetry of ${event} failed`, error);
      }
    };
    return { channel: `axios-procore:${event}`, listener };
  });
  for (const { channel, listener } of subscriptions) subscribe(channel, listener);
  return () => {
    for (const { channel, listener } of subscriptions) unsubscribe(channel, listener);
  };
}
