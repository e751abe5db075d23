import type { MeterProvider } from '@opentelemetry/api';
import { isObject, wrongOptions, type Field } from '../text/fields.js';

/** Options of {@link instrumentProcore}. */
export interface InstrumentProcoreOptions {
  /**
   * Whose meter is used.
   * @default the global one of the moment, also where the SDK is started later
   */
  meterProvider?: MeterProvider | undefined;
  /**
   * Whether metrics have the account as attribute `procore.account`: one more series of each metric for each account.
   * @default false
   */
  perAccount?: boolean | undefined;
}

const fields = {
  meterProvider: [
    (value) => isObject(value) && typeof value['getMeter'] === 'function',
    'a MeterProvider of OpenTelemetry',
  ],
  perAccount: [(value) => typeof value === 'boolean', 'true or false'],
} satisfies Record<keyof InstrumentProcoreOptions, Field>;

/** Throws a `TypeError` for a wrong option. */
export function checkOptions(options: InstrumentProcoreOptions): void {
  const wrong = wrongOptions('instrumentProcore', options, 'an object', { known: fields });
  if (wrong !== undefined) throw new TypeError(wrong);
}
