import { errorMonitor } from 'node:events';
import type { AxiosResponse } from 'axios';
import { isStream } from './conceal.js';

/** Calls `over` when the body of an answer has ended, failed or been closed; at once for a body that is no stream. */
export function afterBody(response: AxiosResponse | undefined, over: () => void): void {
  const data: unknown = response?.data;
  if (isStream(data)) {
    const { destroyed, readableEnded } = data as { destroyed?: boolean; readableEnded?: boolean };
    if (destroyed || readableEnded) return over();
    data.once('end', over).once('close', over).once(errorMonitor, over);
  } else if (data instanceof ReadableStream && !data.locked) response!.data = watched(data, over);
  else over();
}

/** A web stream that passes on another one and calls `over` at its end, because a web stream has no event for that. */
function watched(stream: ReadableStream, over: () => void): ReadableStream {
  const reader = stream.getReader() as ReadableStreamDefaultReader<unknown>;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          over();
          controller.close();
        } catch (error) {
          over();
          throw error;
        }
      },
      cancel(reason) {
        over();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
