import type { LogFields, Logger, LoggerWithLog, Settings } from '../options/options.js';
import { contained } from './contained.js';
import type { ProcoreEvents } from './events.js';
import { fieldsOf } from './log-fields.js';
import { levelOf, levelsOf, type Level, type Told } from './log-level.js';
import { textOf } from './log-text.js';

/** Where each event becomes a line. */
export interface Log {
  write<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E]): void;
  /** Whether this event of a call that has waited so long may become a line: where it does not, it need not be made for the log. */
  takes(event: keyof ProcoreEvents, waitedMs?: number): boolean;
  readonly logger: Settings['logger'];
}

/**
 * Creates the log of one attach. Without a logger, warnings and errors go to `process.emitWarning`, so that the loss of a token is not
 * silent. `now` is the clock of the attach, in milliseconds since the epoch.
 */
export function createLog(logger: Settings['logger'], now: () => number): Log {
  const isOn = (level: Level) => (logger ? isEnabled(logger, level) : level === 'warn' || level === 'error');

  return {
    logger,
    takes(event, waitedMs = 0) {
      for (const level of levelsOf(event, waitedMs)) if (isOn(level)) return true;
      return false;
    },
    write(event, detail) {
      // Any exception is caught: a failing logger must not stop a renewal whose new pair still has to be handed out.
      contained(
        () => {
          const told = { event, detail } as Told;
          const nowMs = now();
          const level = levelOf(told, nowMs);
          if (!isOn(level)) return undefined;
          const fields = fieldsOf(told);
          const text = textOf(told, fields, nowMs);
          if (logger) return writeTo(logger, level, text, fields);
          if (typeof process === 'undefined') return undefined;
          return process.emitWarning(text, { type: 'ProcoreWarning', code: event });
        },
        () => undefined,
      );
    },
  };
}

/** A logger without the function of a level has `log` in its place, as the options check. */
function nameIn(logger: Logger | LoggerWithLog, level: Level): Level | 'log' {
  return typeof (logger as Partial<Logger>)[level] === 'function' ? level : 'log';
}

function writeTo(logger: Logger | LoggerWithLog, level: Level, text: string, fields: LogFields): unknown {
  return (logger as Logger & LoggerWithLog)[nameIn(logger, level)](text, fields);
}

/** Where a logger cannot say whether it takes a level, or fails to, the line is written. */
function isEnabled(logger: Logger | LoggerWithLog, level: Level): boolean {
  try {
    const asked = logger as { isLevelEnabled?: (level: string) => unknown };
    return asked.isLevelEnabled?.(nameIn(logger, level)) !== false;
  } catch {
    return true;
  }
}
