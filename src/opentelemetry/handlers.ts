import type { Attributes, Span } from '@opentelemetry/api';
import type { ProcoreEvents } from '../observe/events.js';
import { accountAttributes, callAttributes, outcomeAttributes, serverAttributes } from './attributes.js';
import type { Instruments } from './instruments.js';

/** What is done at each event that is of interest. */
export type Handlers = { readonly [E in keyof ProcoreEvents]?: (detail: ProcoreEvents[E]) => void };

/** Creates what turns events into metrics, and into events on the span that is active where they are emitted. */
export function createHandlers(deps: {
  /** The instruments of the moment. */
  instruments: () => Instruments;
  /** The span of whoever has made the call. */
  activeSpan: () => Span | undefined;
  perAccount: boolean;
}): Handlers {
  const { instruments, activeSpan, perAccount } = deps;

  function renewed(detail: { account: string }, error?: string): void {
    const failed: Attributes = error === undefined ? {} : { 'error.type': error };
    instruments().renewals.add(1, { ...accountAttributes(detail, perAccount), ...failed });
  }

  function ofLimits(detail: ProcoreEvents['request-retried' | 'request-settled']): void {
    const { remaining, limit } = instruments();
    const attributes = { ...serverAttributes(detail), ...accountAttributes(detail, perAccount) };
    if (detail.remaining !== undefined) remaining.record(detail.remaining, attributes);
    if (detail.limit !== undefined) limit.record(detail.limit, attributes);
  }

  return {
    'token-renewed': (detail) => renewed(detail),
    'token-renewal-failed': (detail) => renewed(detail, detail.code),
    'reauthentication-required': (detail) => renewed(detail, detail.reason),
    'request-waiting'(detail) {
      const { reason, callId, attempt, before, until } = detail;
      const wait = { 'procore.wait.reason': reason };
      instruments().waits.add(1, { ...callAttributes(detail, perAccount), ...wait });
      activeSpan()?.addEvent('procore.wait', {
        ...wait,
        'procore.call.id': callId,
        'procore.call.attempt': attempt,
        ...(before === undefined ? {} : { 'procore.wait.before': before }),
        ...(until === undefined ? {} : { 'procore.wait.until': until.toISOString() }),
      });
    },
    'request-retried'(detail) {
      const { reason, callId, attempt, requestId } = detail;
      const why = { 'procore.retry.reason': reason, ...outcomeAttributes(detail) };
      instruments().retries.add(1, { ...callAttributes(detail, perAccount), ...why });
      ofLimits(detail);
      activeSpan()?.addEvent('procore.retry', {
        ...why,
        'procore.call.id': callId,
        'procore.call.attempt': attempt,
        'http.request.resend_count': attempt - 1,
        ...(requestId === undefined ? {} : { 'procore.request.id': requestId }),
      });
    },
    'request-settled'(detail) {
      const { callDuration, waitDuration } = instruments();
      const call = callAttributes(detail, perAccount);
      callDuration.record(detail.durationMs / 1000, { ...call, ...outcomeAttributes(detail) });
      if (detail.waitedMs > 0) waitDuration.record(detail.waitedMs / 1000, call);
      ofLimits(detail);
    },
  };
}
