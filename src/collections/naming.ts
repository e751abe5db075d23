import { redact } from '../text/redact.js';
import type { Batch } from './batches.js';
import { isCancel } from './canceled.js';

/** The path of a URL, without its query, which may have confidential values, and without its host. */
function pathIn(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([a-z][a-z\d+.-]*:)?\/\/[^/]*/i, '') || '/';
}

/** A page in words. */
export function pageName(url: string, number: number): string {
  return `page ${number} of ${pathIn(url)}`;
}

/**
 * Adds the page to the message of an error, which stays the object that it was, and to its stack, which is what loggers print. The error of
 * a cancelled call is left alone: calls share it.
 */
export function nameOn(error: unknown, name: string): void {
  if (!(error instanceof Error) || isCancel(error)) return;
  const { message, stack } = error;
  if (typeof message !== 'string') return;
  // Interceptors may reject several calls with one error.
  const named = `${message.replace(/ \(page \d+ of .*\)$/s, '')} (${name})`;
  Reflect.set(error, 'message', named);
  if (typeof stack === 'string')
    Reflect.set(
      error,
      'stack',
      stack.replace(message, () => named),
    );
}

/** The message for a batch that has failed, was aborted, or was answered where the caller's `onProgress` threw. */
export function failureOf(
  batch: Batch<unknown>,
  total: number,
  url: string,
  cause: unknown,
  { isAnswered, isUnsure }: { readonly isAnswered: boolean; readonly isUnsure: boolean },
): string {
  const { number, of, start, items } = batch;
  const said = cause instanceof Error ? redact(cause.message).replace(/\.$/, '') : 'it failed';
  const fate = isUnsure ? 'The server may have carried it out' : 'It was not carried out';
  const name = `batch ${number} of ${of} (items ${start + 1} to ${start + items.length} of ${total}) of PATCH ${pathIn(url)}`;
  return `axios-procore/collections: ${name}: ${isAnswered ? `onProgress threw: ${said}` : `${said}. ${fate}`}. No batch after it was sent.`;
}
