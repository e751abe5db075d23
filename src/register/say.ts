import { writeSync } from 'node:fs';
import { longWordsIn, redact } from '../text/redact.js';
import type { Logger } from '../options/options.js';

/** The levels of the lines on stderr, from the most verbose to none. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** A level. */
export type LogLevel = (typeof logLevels)[number];

/** The level of one line. */
type LineLevel = Exclude<LogLevel, 'silent'>;

/** Writes the lines of register to stderr, with secrets redacted. */
export interface Reporter {
  say(level: LineLevel, line: string): void;
  /** Writes what is wrong, whatever the level is, and ends the process. */
  fail(what: string): never;
  /** Adds secrets that are redacted from now on. */
  hide(secrets: readonly string[]): void;
  /** Redacts the secrets in a text, and makes it one line. */
  clean(text: string): string;
  /** The logger for the plugin. It writes lines where a level was chosen, and otherwise emits process warnings. */
  readonly logger: Logger;
}

/**
 * Creates the reporter of one process. `chosen` is the level of AXIOS_PROCORE_LOG; without it warnings and errors are written. `paths` are
 * not redacted, however long the names in them are.
 */
export function createReporter(
  chosen: LogLevel | undefined,
  secrets: readonly string[],
  paths: readonly string[] = [],
): Reporter {
  let hidden = secrets;
  const known = new Set(paths.flatMap(longWordsIn));
  const least = logLevels.indexOf(chosen ?? 'warn');

  function clean(text: string, named: readonly string[] = []): string {
    return redact(text, hidden, named.length === 0 ? known : new Set([...known, ...named]))
      .replace(/\s*[\r\n]\s*/g, ' ')
      .trim();
  }

  function write(line: string): void {
    try {
      // Written synchronously, also to a pipe, because the process may be about to end.
      writeSync(2, `axios-procore/register: ${line}${/[?.]$/.test(line) ? '' : '.'}\n`);
    } catch {
      // A closed or full pipe must not disturb the application.
    }
  }

  function isWritten(level: LineLevel): boolean {
    return logLevels.indexOf(level) >= least;
  }

  function say(level: LineLevel, line: string): void {
    if (isWritten(level)) write(clean(line));
  }

  function told(level: LineLevel): Logger[LineLevel] {
    return (text, fields) => {
      // The id by which Procore's support finds a request is as long as a token is, and a fingerprint has the name of its token.
      const line = clean(text, [
        ...longWordsIn(String(fields['requestId'] ?? '')),
        ...fingerprintsIn(String(fields['accessToken'] ?? '')),
      ]);
      if (chosen !== undefined) {
        if (isWritten(level)) write(line.replace(/^axios-procore: /, ''));
      } else if (level === 'warn' || level === 'error')
        process.emitWarning(line, { type: 'ProcoreWarning', code: fields.event });
    };
  }

  return {
    say,
    clean: (text) => clean(text),
    hide(secrets) {
      hidden = [...hidden, ...secrets];
    },
    fail(what) {
      write(clean(what.replace(/^axios-procore: /, '')));
      return process.exit(1);
    },
    logger: {
      debug: told('debug'),
      info: told('info'),
      warn: told('warn'),
      error: told('error'),
      isLevelEnabled: (level) => isWritten(level),
    },
  };
}

/** The text, where it is as short as a fingerprint is and no token can be. */
function fingerprintsIn(text: string): readonly string[] {
  return /^[\da-f]{8}$/.test(text) ? [text] : [];
}
