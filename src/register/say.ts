import { writeSync } from 'node:fs';
import { longWordsIn, redact } from '../text/redact.js';
import type { Logger } from '../options/options.js';

/** From the most to the least that is told on stderr. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** How much is told. */
export type LogLevel = (typeof logLevels)[number];

/** All that register tells, and each line without the secrets. */
export interface Voice {
  say(level: keyof Logger, line: string): void;
  /** One line that says what is wrong, whatever the level, and the end of the process. */
  fail(what: string): never;
  /** From now on these are not shown either. */
  hide(secrets: readonly string[]): void;
  /** Takes the secrets out of a text, and makes one line of it. */
  clean(text: string): string;
  /** For what the plugin tells: as lines where a level was chosen, else as warnings of the process. */
  readonly logger: Logger;
}

/**
 * Creates the voice of one process. `chosen`: the level that AXIOS_PROCORE_LOG names; without it, warnings are told. `paths`: shown in
 * full, however long the names in them are.
 */
export function createVoice(
  chosen: LogLevel | undefined,
  secrets: readonly string[],
  paths: readonly string[] = [],
): Voice {
  let hidden = secrets;
  const known = new Set(paths.flatMap(longWordsIn));
  const least = logLevels.indexOf(chosen ?? 'warn');

  function clean(text: string): string {
    return redact(text, hidden, known)
      .replace(/\s*[\r\n]\s*/g, ' ')
      .trim();
  }

  function write(line: string): void {
    const cleaned = clean(line);
    try {
      // At once, also into a pipe: the process may be about to end.
      writeSync(2, `axios-procore/register: ${cleaned}${/[?.]$/.test(cleaned) ? '' : '.'}\n`);
    } catch {
      // Nobody listens, or the pipe is full: the application goes on.
    }
  }

  function say(level: keyof Logger, line: string): void {
    if (logLevels.indexOf(level) >= least) write(line);
  }

  function told(level: keyof Logger): (text: string) => void {
    return (text) => {
      const line = text.replace(/^axios-procore: /, '');
      if (chosen !== undefined) say(level, line);
      else if (level === 'warn' || level === 'error')
        process.emitWarning(clean(text), { type: 'ProcoreWarning', code: /^[\w-]*/.exec(line)![0] });
    };
  }

  return {
    say,
    clean,
    hide(secrets) {
      hidden = [...hidden, ...secrets];
    },
    fail(what) {
      write(what.replace(/^axios-procore: /, ''));
      return process.exit(1);
    },
    logger: { debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') },
  };
}
