import { context, metrics, trace } from '@opentelemetry/api';
import {
  InMemoryMetricExporter,
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

/** One value of a metric, with its attributes; of a histogram, the number and the sum of what was recorded. */
export interface Point {
  attributes: Record<string, unknown>;
  value: number | { count: number; sum: number };
}

/** The SDK of OpenTelemetry with exporters in memory. */
export interface Telemetry {
  readonly meterProvider: MeterProvider;
  readonly spans: InMemorySpanExporter;
  /** All points so far, by the name of the metric. */
  points(): Promise<Record<string, Point[]>>;
  /** The units of the metrics so far, by name. */
  units(): Promise<Record<string, string>>;
  /** Makes it the SDK of the process. */
  register(): void;
  stop(): Promise<void>;
}

export function createTelemetry(): Telemetry {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spans = new InMemorySpanExporter();
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });

  async function collected() {
    const { resourceMetrics } = await reader.collect();
    return resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === 'axios-procore')
      .flatMap((scoped) => scoped.metrics);
  }

  return {
    meterProvider,
    spans,
    async points() {
      const all = (await collected()).map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => ({
          attributes,
          value:
            typeof value === 'number' ? value : { count: value.count, sum: (value as { sum: number }).sum },
        })),
      ]);
      return Object.fromEntries(all) as Record<string, Point[]>;
    },
    units: async () =>
      Object.fromEntries((await collected()).map(({ descriptor }) => [descriptor.name, descriptor.unit])),
    register() {
      tracerProvider.register();
      metrics.setGlobalMeterProvider(meterProvider);
    },
    async stop() {
      for (const api of [trace, metrics, context]) api.disable();
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
    },
  };
}
