import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Colours a text where the stream is a terminal that shows colours and `NO_COLOR` is not set. */
export function paint(
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: WriteStream = process.stdout,
): string {
  // Newer releases of Node would decide by the standard output, whichever stream it is for.
  return stream.isTTY && stream.hasColors() ? styleText(format, text, { validateStream: false }) : text;
}
