/** Whether a request body can be sent a second time. A stream that has been read would be sent empty, and the server might answer 200. */
export function isReplayable(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return true;
  const { pipe, getReader, getBoundary } = body as {
    pipe?: unknown;
    getReader?: unknown;
    getBoundary?: unknown;
  };
  // `pipe`: Node streams and the package form-data. `getReader`: web streams. `getBoundary`: other form-data packages.
  return typeof pipe !== 'function' && typeof getReader !== 'function' && typeof getBoundary !== 'function';
}
