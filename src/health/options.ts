import { wrongOptions, type Field } from '../text/fields.js';
import { endpointList, endpointsField } from '../wire/endpoints.js';
import type { KnownEndpoints } from './observations.js';

/** Options of {@link healthOf} and {@link healthOfRecordings}. */
export interface HealthOptions {
  /**
   * Endpoints that you know to be deprecated, besides those under `/vapid/`: a route (`/rest/v1.0/projects/:project_id/rfis`), with a method
   * in front where only that one is deprecated, and with `/*` at the end for all routes below it.
   * @default []
   */
  deprecatedEndpoints?: readonly string[] | undefined;
  /**
   * Endpoints that you know to be private, besides all routes without a version, in the same form.
   * @default []
   */
  privateEndpoints?: readonly string[] | undefined;
}

/** Options of {@link recordHealth}. */
export interface RecordHealthOptions extends HealthOptions {
  /**
   * The path of a file in which what is recorded survives a restart. It belongs to one process at a time.
   * @default none
   */
  file?: string | undefined;
  /**
   * How many routes of each day are counted apart. What comes beyond is counted together.
   * @default 1000
   */
  maxRoutes?: number | undefined;
}

const listFields = { deprecatedEndpoints: endpointsField, privateEndpoints: endpointsField };
const recorderFields = {
  ...listFields,
  file: [(value) => typeof value === 'string' && value.trim() !== '', 'the path of a file'],
  maxRoutes: [(value) => Number.isInteger(value) && Number(value) >= 1, 'a whole number from 1'],
} satisfies Record<string, Field>;

/** The options of a recorder with their defaults. Throws a `TypeError` for a wrong one. */
export function resolveRecorderOptions(options: RecordHealthOptions): {
  file: string | undefined;
  maxRoutes: number;
  known: KnownEndpoints;
} {
  check('recordHealth', options, recorderFields);
  return { file: options.file, maxRoutes: options.maxRoutes ?? 1000, known: knownEndpoints(options) };
}

/** The endpoints that the options name. Throws a `TypeError` for a wrong option. */
export function resolveHealthOptions(options: HealthOptions, who: string): KnownEndpoints {
  check(who, options, listFields);
  return knownEndpoints(options);
}

function knownEndpoints({ deprecatedEndpoints = [], privateEndpoints = [] }: HealthOptions): KnownEndpoints {
  return { deprecated: endpointList(deprecatedEndpoints), private: endpointList(privateEndpoints) };
}

function check(who: string, options: unknown, known: Record<string, Field>): void {
  const wrong = wrongOptions(who, options, 'an object', { known });
  if (wrong !== undefined) throw new TypeError(wrong);
}
