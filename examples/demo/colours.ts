import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** Colours a text where the stream is a terminal that shows colours and `NO_COLOR` is not set. */
export function paint(
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: WriteStream = process.stdout,
): string {
  return stream.isTTY && stream.hasColors() ? styleText(format, text) : text;
}
