import { createColors } from './libraries.js';

/** The colours that are used. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/**
 * Whether a stream gets colours: a terminal does, unless `NO_COLOR` is set to anything (https://no-color.org) or `TERM` is `dumb`;
 * `FORCE_COLOR` other than 0 gives them to anything.
 */
export function wantsColors(
  { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv,
  isTerminal: boolean,
): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}

/** The colours of the command; texts stay as they are where `isColored` is false. */
export function paintWith(isColored: boolean): Paint {
  const { green, yellow, red, bold, dim } = createColors(isColored);
  return { good: green, warning: yellow, bad: red, strong: bold, faint: dim };
}

/**
 * A text without the control characters with which a server's message could steer the terminal. Of a coloured text the codes of colours stay:
 * they do no harm, whoever has written them.
 */
export function withoutControls(text: string, isColored: boolean): string {
  return text.replace(isColored ? /(?!\u001b\[\d{1,2}m)[^\P{Cc}\n]/gu : /[^\P{Cc}\n]/gu, '');
}
