import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { checkText } from '../options/argument-checks.js';
import { isObject, wrongOptions, type Field } from '../text/fields.js';
import { kindOf } from '../text/words.js';
import type { SyncProgress } from './sync-answer.js';

/** Options of {@link listAll}: a request configuration of axios, and `ahead`. */
export interface ListOptions extends AxiosRequestConfig {
  /**
   * How many pages are asked for at the same time, from 1 to 10. Above 1 it needs the header `Total`; without it the pages come one by one.
   * So many pages are in memory at most.
   * @default 1
   */
  ahead?: number | undefined;
}

/** Options of {@link syncInBatches}: a request configuration of axios, and those of the batches. */
export interface SyncOptions extends AxiosRequestConfig {
  /**
   * How many items a request has, from 1 to 1000, which is the most that Procore takes.
   * @default 500
   */
  batchSize?: number | undefined;
  /** Is called after each batch that was answered, and awaited before the next one. What it throws ends the work as a {@link BatchError}. */
  onProgress?: ((progress: SyncProgress) => unknown) | undefined;
}

const listFields = {
  ahead: [(value) => isBetween(value, 1, 10), 'a whole number of pages from 1 to 10'],
} satisfies Record<string, Field>;
const syncFields = {
  batchSize: [
    (value) => isBetween(value, 1, 1000),
    'a whole number of items from 1 to 1000, which is the most that Procore takes',
  ],
  onProgress: [(value) => typeof value === 'function', 'a function'],
  data: [isObject, 'an object, whose fields are sent beside "updates"'],
} satisfies Record<string, Field>;

/** Checks the arguments of `listAll`, and separates those for axios. Throws a `TypeError` for a wrong one. */
export function resolveListOptions(
  instance: AxiosInstance,
  url: string,
  options: ListOptions,
): { config: AxiosRequestConfig; ahead: number } {
  checkCall('listAll', instance, url, options, listFields);
  const { ahead = 1, ...config } = options;
  return { config, ahead };
}

/** Checks the arguments of `syncInBatches`, and separates those for axios. Throws a `TypeError` for a wrong one. */
export function resolveSyncOptions(
  instance: AxiosInstance,
  url: string,
  updates: unknown,
  options: SyncOptions,
): { config: AxiosRequestConfig; batchSize: number; onProgress: SyncOptions['onProgress'] } {
  checkCall('syncInBatches', instance, url, options, syncFields);
  if (!Array.isArray(updates))
    throw new TypeError(
      `axios-procore: syncInBatches got ${kindOf(updates)} as "updates"; it takes an array of items.`,
    );
  const { batchSize = 500, onProgress, ...config } = options;
  return { config, batchSize, onProgress };
}

/** Checks what all functions of this entry take. Throws a `TypeError` for a wrong argument or option. */
export function checkCall(
  who: string,
  instance: unknown,
  url: unknown,
  options: unknown,
  fields: Record<string, Field> = {},
): void {
  if (typeof (instance as { request?: unknown } | null | undefined)?.request !== 'function')
    throw new TypeError(
      `axios-procore: ${who} got ${kindOf(instance)} as "instance"; it takes an axios instance.`,
    );
  checkText(who, 'url', url, 'the URL that the instance is to call');
  const takes = 'a request configuration of axios (or nothing)';
  const wrong = wrongOptions(`axios-procore: ${who}`, options, takes, { known: fields, isOpen: true });
  if (wrong !== undefined) throw new TypeError(wrong);
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
