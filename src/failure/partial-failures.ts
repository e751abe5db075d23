import type { AxiosResponse } from 'axios';
import { isPlain, parseErrorBody, textOf } from './body.js';

/** One failed item of an answer that is a success as a whole. */
export interface PartialFailure {
  /**
   * The item's `id`, `origin_id` or `upload_id`: the first of them that the answer has. An integer beyond `Number.MAX_SAFE_INTEGER` is a
   * string of its digits.
   */
  readonly id?: string | number;
  /** Human-readable messages; at most 50, each at most 500 characters. */
  readonly messages: string[];
  /** Messages by field. */
  readonly fields: Record<string, string[]>;
  /** The item's `code` or `reason_code`. */
  readonly code?: string;
  /** The item as the server sent it. */
  readonly item: unknown;
}

/**
 * Lists the failed items of a successful answer: `errors` beside `entities` of a sync action (200), `data.failed` (207), `failures` (201
 * and 207). An empty list for any other answer or value.
 *
 * @example
 * const answer = await api.patch('/rest/v1.0/projects/1/rfis/sync', { updates });
 * for (const { id, messages } of partialFailures(answer)) report(id, messages);
 */
export function partialFailures(response: AxiosResponse): PartialFailure[] {
  try {
    const { status } = response;
    const data = rawBodyOf(response) ?? (response.data as unknown);
    return status >= 200 && status <= 299 ? failuresIn(status, jsonOf(data)) : [];
  } catch {
    // The argument is no response: an interceptor of the application may have replaced it by its data.
    return [];
  }
}

function failuresIn(status: number, body: unknown): PartialFailure[] {
  if (!isPlain(body)) return [];
  const { entities, errors, data, failures } = body;
  if (Array.isArray(entities)) return listOf(errors).map(failureOf);
  if (status === 207 && isPlain(data)) return listOf(data['failed']).map(failureOf);
  // With any other status `failures` is an ordinary attribute of a resource.
  return status === 201 || status === 207 ? listOf(failures).map(failureOf) : [];
}

function failureOf(item: unknown): PartialFailure {
  const known = isPlain(item) ? item : {};
  const { id, origin_id: originId, upload_id: uploadId, code, reason_code: reasonCode, errors } = known;
  // A sync action returns the item that was sent, which may have an attribute `message`; so only its `errors` are read where it has them.
  const { messages, fields } = parseErrorBody(errors === undefined ? item : { errors });
  const named = [id, originId, uploadId].find((one) => typeof one === 'string' || typeof one === 'number');
  const reason = [code, reasonCode].find((one) => typeof one === 'string');
  return {
    ...(named === undefined ? {} : { id: named }),
    messages,
    fields,
    ...(reason === undefined ? {} : { code: reason }),
    item,
  };
}

/** The parsed body of an answer that may still be text or bytes. */
function jsonOf(data: unknown): unknown {
  const text = textOf(data, Infinity);
  return text === undefined ? data : (JSON.parse(withExactNumbers(text)) as unknown);
}

const textOrLongNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d{16,}(?![\d.eE])/gs;

/** Turns integers beyond `Number.MAX_SAFE_INTEGER` into strings: rounded, an id would be that of another item. */
function withExactNumbers(text: string): string {
  return text.replace(textOrLongNumber, (found) =>
    found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
  );
}

/** The key of the raw body on the configuration of the call, which stays the same object where an interceptor copies the response. */
const rawBody = Symbol.for('axios-procore.raw-body');

/**
 * Keeps the body of an answer as the server sent it, where {@link partialFailures} can find something in it: the application's
 * `transformResponse` may rename keys and round numbers. It is kept on the configuration of the answer, and as long as that.
 */
export function keepRawBody({ status, data, config }: AxiosResponse): void {
  if (!mayCarryFailures(status, data)) return;
  Reflect.defineProperty(config, rawBody, { value: data as unknown, configurable: true });
}

function mayCarryFailures(status: number, data: unknown): boolean {
  if (status < 200 || status > 299) return false;
  if (typeof data !== 'string') return isPlain(data) && failuresIn(status, data).length > 0;
  return data.includes('"entities"') || ((status === 201 || status === 207) && data.includes('"fail'));
}

function rawBodyOf({ config }: AxiosResponse): unknown {
  return (config as { [rawBody]?: unknown } | undefined)?.[rawBody];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
