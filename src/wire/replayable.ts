/** Whether a request body gives the same bytes a second time. A stream that was read once would be sent empty and answered 200. */
export function isReplayable(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true;
  const { pipe, getReader, getBoundary } = body as {
    pipe?: unknown;
    getReader?: unknown;
    getBoundary?: unknown;
  };
  // Node streams (and the form-data package), web streams, form-data look-alikes.
  return typeof pipe !== 'function' && typeof getReader !== 'function' && typeof getBoundary !== 'function';
}
