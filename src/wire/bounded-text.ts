/**
 * The text of a body, read no further than `mostBytes` of what it unpacks to: a few kilobytes may stand for a gigabyte. Undefined for a
 * longer one, which is given up, and so is what has not been read when `signal` aborts. Rejects where reading fails.
 */
export async function boundedText(
  body: ReadableStream<Uint8Array>,
  mostBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const decoder = new TextDecoder();
    let text = '';
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      // Whoever cancels a reader is told that the body has ended.
      if (signal.aborted) throw signal.reason;
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > mostBytes) {
        stop();
        return undefined;
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
