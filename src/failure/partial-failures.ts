import type { AxiosResponse } from 'axios';
import { isPlain, parseErrorBody, textOf } from './body.js';

/** One item of a successful answer that failed. */
export interface PartialFailure {
  /**
   * The item's own `id`, `origin_id` or `upload_id`, whichever the answer names first in this order; digits as a text where a number of
   * JavaScript cannot hold it.
   */
  readonly id?: string | number;
  /** Human-readable; at most 50, each at most 500 characters. */
  readonly messages: string[];
  /** By field. */
  readonly fields: Record<string, string[]>;
  /** `code` or `reason_code`. */
  readonly code?: string;
  /** The item as the server sent it. */
  readonly item: unknown;
}

/**
 * Lists the failures that a success carries: a sync action's `errors` beside `entities` (200), `data.failed` (207), `failures` (201). An
 * empty list for any other answer, and for whatever is none.
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
    // No response at all: an interceptor has taken it apart.
    return [];
  }
}

function failuresIn(status: number, body: unknown): PartialFailure[] {
  if (!isPlain(body)) return [];
  const { entities, errors, data, failures } = body;
  if (Array.isArray(entities)) return listOf(errors).map(failureOf);
  if (status === 207 && isPlain(data)) return listOf(data['failed']).map(failureOf);
  // Elsewhere it is an attribute like any other.
  return status === 201 || status === 207 ? listOf(failures).map(failureOf) : [];
}

function failureOf(item: unknown): PartialFailure {
  const known = isPlain(item) ? item : {};
  const { id, origin_id: originId, upload_id: uploadId, code, reason_code: reasonCode, errors } = known;
  // A sync action repeats the item that was sent, and it may have a `message` of its own.
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

/** The answer may still be a text or bytes. */
function jsonOf(data: unknown): unknown {
  const text = textOf(data, Infinity);
  return text === undefined ? data : (JSON.parse(withExactNumbers(text)) as unknown);
}

const textOrLongNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d{16,}(?![\d.eE])/gs;

/** An integer that a number of JavaScript cannot hold becomes a text of its digits: another id would be somebody else's. */
function withExactNumbers(text: string): string {
  return text.replace(textOrLongNumber, (found) =>
    found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
  );
}

/** On the configuration of the call, which stays the same when an interceptor returns a copy of its response. */
const rawBody = Symbol.for('axios-procore.raw-body');

/**
 * Remembers the body of an answer as the server sent it, where {@link partialFailures} will find something in it: what the application
 * transforms on the instance may have other keys and numbers. It lives as long as the configuration on the answer.
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
