import { pronounceStopped } from './display.js';
import { describe } from './words.js';

/**
 * Runs `work` until it ends or is stopped by a signal, and then all that it has given to `atEnd`, the last first. Resolves with the exit
 * code: that of `work`, 130 for a run that was stopped, or 1 with one line for an error.
 */
export async function runToEnd(
  work: (signal: AbortSignal, atEnd: (ending: () => Promise<unknown>) => void) => Promise<number | undefined>,
): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const endings: (() => Promise<unknown>)[] = [];
  try {
    return (await work(stop.signal, (ending) => endings.unshift(ending))) ?? pronounceStopped();
  } catch (error) {
    if (stop.signal.aborted) return pronounceStopped();
    console.error(`error: ${describe(error)}`);
    return 1;
  } finally {
    for (const end of endings) await end().catch(() => undefined);
  }
}
