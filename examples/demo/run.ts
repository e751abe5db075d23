import { pronounceStopped } from './display.js';
import { describe } from './words.js';

/**
 * Runs `work` until it ends or is stopped, by a signal or because its output is closed, and then all that it has given to `atEnd`, the last first. Resolves with the exit
 * code: that of `work`, 130 for a run that was stopped, or 1 with one line for an error.
 */
export async function runToEnd(
  work: (signal: AbortSignal, atEnd: (ending: () => Promise<unknown>) => void) => Promise<number | undefined>,
): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  // Whoever reads the output may go before the end, as `head` does. Then it is stopped, too, so that nothing of the run is left behind.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => stop.abort());
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
