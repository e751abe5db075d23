/**
 * Reads the text of a body, at most `mostBytes` after decompression (a few compressed kilobytes may unpack to a gigabyte). Resolves with
 * undefined for a longer body, and cancels the rest of it. Rejects when `signal` aborts, after cancelling the rest, and when reading fails.
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
      // A reader that was cancelled reports the end of the body: that end does not count.
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
