import { createInterface } from 'node:readline';
import { CommandError, Interrupted } from './answer.js';
import type { Io } from './io.js';

/** Waits for something that nothing depends on yet: Ctrl-C ends the wait. */
export async function unlessInterrupted<T>({ interrupted }: Io, work: Promise<T>): Promise<T> {
  // What it comes to after the interruption is of no interest.
  work.catch(() => undefined);
  if (interrupted.aborted) throw new Interrupted(interrupted);
  let stop = () => undefined as void;
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(new Interrupted(interrupted));
    interrupted.addEventListener('abort', end, { once: true });
    stop = () => interrupted.removeEventListener('abort', end);
  });
  return Promise.race([work, aborted]).finally(stop);
}

/**
 * The same, but no longer than this.
 *
 * @throws CommandError with the text `late` then.
 */
export async function within<T>(io: Io, ms: number, work: Promise<T>, late: string): Promise<T> {
  const timer = new AbortController();
  const timeout = io.env.sleep(ms, { signal: timer.signal }).then(() => undefined);
  const done = work.then((value) => ({ value }));
  const first = await unlessInterrupted(io, Promise.race([done, timeout])).finally(() => timer.abort());
  if (first === undefined) throw new CommandError(late);
  return first.value;
}

/** The first line of the standard input; empty where that ends before. */
export function lineOfInput({ input }: Pick<Io, 'input'>): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input });
    lines.once('line', (line) => {
      resolve(line.trim());
      lines.close();
    });
    lines.once('close', () => resolve(''));
  });
}

/** Longer inputs are cut. */
const mostRead = 4 * 1024 * 1024;

/** All of the standard input. */
export async function wholeInput({ input }: Pick<Io, 'input'>): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of input as AsyncIterable<Buffer | string>) {
    parts.push(Buffer.from(part));
    length += parts.at(-1)!.length;
    if (length >= mostRead) break;
  }
  return Buffer.concat(parts).toString('utf8').slice(0, mostRead);
}
