import type { Counter, Gauge, Histogram, Meter, MeterProvider } from '@opentelemetry/api';

/** The instruments of one meter. */
export interface Instruments {
  readonly callDuration: Histogram;
  readonly waitDuration: Histogram;
  readonly waits: Counter;
  readonly retries: Counter;
  readonly renewals: Counter;
  readonly remaining: Gauge;
  readonly limit: Gauge;
}

/** The boundaries of `http.client.request.duration` in the semantic conventions, and longer times, because a call may wait for a limit. */
const explicitBucketBoundaries = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300, 900, 3600,
];

/**
 * The instruments of the provider that is there at this moment. They are made anew when another one has come, because metrics, unlike
 * traces, have no proxy: what was made before the SDK was started stays without effect.
 */
export function createInstruments(provider: () => MeterProvider): () => Instruments {
  let known: { readonly of: MeterProvider; readonly instruments: Instruments } | undefined;
  return () => {
    const now = provider();
    if (known?.of !== now) known = { of: now, instruments: instrumentsOf(now.getMeter('axios-procore')) };
    return known.instruments;
  };
}

function instrumentsOf(meter: Meter): Instruments {
  return {
    callDuration: meter.createHistogram('procore.client.call.duration', {
      description: 'Duration of calls, with their waits and retries.',
      unit: 's',
      advice: { explicitBucketBoundaries },
    }),
    waitDuration: meter.createHistogram('procore.client.call.wait.duration', {
      description: 'How long calls have waited for tokens, rate limits and retries, all waits together.',
      unit: 's',
      advice: { explicitBucketBoundaries },
    }),
    waits: meter.createCounter('procore.client.waits', {
      description: 'Waits that calls have begun.',
      unit: '{wait}',
    }),
    retries: meter.createCounter('procore.client.retries', {
      description: 'Attempts of calls after the first one.',
      unit: '{retry}',
    }),
    renewals: meter.createCounter('procore.token.renewals', {
      description: 'Renewals of tokens.',
      unit: '{renewal}',
    }),
    remaining: meter.createGauge('procore.rate_limit.remaining', {
      description: 'Calls that the rate limit still allows, as the last answer says.',
      unit: '{call}',
    }),
    limit: meter.createGauge('procore.rate_limit.limit', {
      description: 'Calls that the rate limit allows in its window, as the last answer says.',
      unit: '{call}',
    }),
  };
}
