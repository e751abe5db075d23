import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { idempotencyTokenIn, withIdempotencyToken } from '../wire/headers.js';
import { BatchError } from './batch-error.js';
import { planBatches, type Batch } from './batches.js';
import { throwIfCanceled } from './canceled.js';
import { mayHaveRun } from './may-have-run.js';
import { failureOf } from './naming.js';
import { resolveSyncOptions, type SyncOptions } from './options.js';
import { errorOn, failedStatus, responseIn } from './response.js';
import { syncResultIn, type SyncResult } from './sync-answer.js';

type Outcome =
  | { readonly kind: 'answered'; readonly result: SyncResult }
  | { readonly kind: 'failed'; readonly cause: unknown; readonly mayHaveRun: boolean };

/**
 * Sends items to a sync action in batches, one after another: a PATCH with `{ updates }` each, through the interceptors of the instance as
 * ever. An item that fails by itself is among `errors`, with the fields that were sent, and ends nothing.
 *
 * A batch whose items all have an `id` or an `origin_id` is sent with `procore: { idempotent: true }`, so that an attached instance repeats
 * it where its answer was lost. Any other batch is not repeated where it may have run, for its items would be created twice, unless
 * `procore.idempotencyToken` or a header `Idempotency-Token` is given: a text gets the number of the batch behind it, as in `nightly-1`,
 * because batches are different writes.
 *
 * Rejects with a `TypeError` for a wrong argument, and with a {@link BatchError} where a batch fails as a whole: no batch after it is sent.
 *
 * @param url a URL of a sync action as the instance takes it.
 * @param options go with every batch and are not changed; the fields of `data` are sent beside `updates`.
 *
 * @example
 * const updates = [{ origin_id: 'erp-1', name: 'Concrete' }];
 * const { errors } = await syncInBatches(api, '/rest/v1.0/vendors/sync', updates, { params: { company_id: 1 } });
 */
export async function syncInBatches<Entity = unknown, Update = unknown>(
  instance: AxiosInstance,
  url: string,
  updates: readonly Update[],
  options: SyncOptions = {},
): Promise<SyncResult<Entity>> {
  const { config, batchSize, onProgress } = resolveSyncOptions(instance, url, updates, options);
  const items = [...updates];
  const total = items.length;
  const result: SyncResult<Entity> = { entities: [], errors: [] };

  function batchError(
    batch: Batch<Update>,
    cause: unknown,
    answered: number,
    unsure: number,
  ): BatchError<Update, Entity> {
    const message = failureOf(batch, total, url, cause, {
      isAnswered: answered > batch.start,
      isUnsure: unsure > 0,
    });
    return new BatchError({ message, updates: items, answered, unsure, result, cause });
  }

  for (const batch of planBatches(items, batchSize)) {
    const { start, items: sent } = batch;
    const outcome = await send(instance, url, config, batch);
    if (outcome.kind === 'failed')
      throw batchError(batch, outcome.cause, start, outcome.mayHaveRun ? sent.length : 0);
    const { entities, errors } = outcome.result as SyncResult<Entity>;
    result.entities.push(...entities);
    result.errors.push(...errors);
    const done = start + sent.length;
    try {
      await onProgress?.({ done, total, entities, errors });
    } catch (cause) {
      throw batchError(batch, cause, done, 0);
    }
  }
  return result;
}

async function send(
  instance: AxiosInstance,
  url: string,
  config: AxiosRequestConfig,
  batch: Batch<unknown>,
): Promise<Outcome> {
  const request: AxiosRequestConfig = {
    ...config,
    ...procoreOf(config, batch),
    ...headersOf(config, batch),
    method: 'patch',
    url,
    data: { ...(config.data as object | undefined), updates: batch.items },
  };
  try {
    throwIfCanceled(config);
  } catch (cause) {
    return { kind: 'failed', cause, mayHaveRun: false };
  }
  try {
    const value = await instance.request<unknown, unknown>(request);
    const response = responseIn(value);
    const status = failedStatus(response);
    const result = status === undefined ? syncResultIn(value) : undefined;
    if (result) return { kind: 'answered', result };
    throw errorOn(
      response,
      status === undefined ? 'the answer has neither "entities" nor "errors"' : `status ${status}`,
    );
  } catch (cause) {
    return { kind: 'failed', cause, mayHaveRun: mayHaveRun(cause) };
  }
}

/** The options of a call that sends this batch; none where they are those of the configuration. */
function procoreOf(
  { procore }: AxiosRequestConfig,
  { isRepeatable, number }: Batch<unknown>,
): Pick<AxiosRequestConfig, 'procore'> {
  const idempotent = procore?.idempotent ?? (isRepeatable || undefined);
  const token = procore?.idempotencyToken;
  const ofBatch = {
    ...(idempotent !== undefined && { idempotent }),
    ...(typeof token === 'string' && { idempotencyToken: `${token}-${number}` }),
  };
  return Object.keys(ofBatch).length > 0 ? { procore: { ...procore, ...ofBatch } } : {};
}

/** The headers of this batch, with its number behind their `Idempotency-Token`; none where they have no such one. */
function headersOf(
  { headers }: AxiosRequestConfig,
  { number }: Batch<unknown>,
): Pick<AxiosRequestConfig, 'headers'> {
  const token = idempotencyTokenIn(headers);
  if (headers === undefined || token === undefined) return {};
  return { headers: withIdempotencyToken(headers, `${token}-${number}`) };
}
