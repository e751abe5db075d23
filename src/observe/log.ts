import type { Logger, LoggerWithLog, Settings } from '../options/options.js';
import { contained } from './contained.js';
import type { ProcoreEvents } from './events.js';

/** Where each event becomes a line. */
export interface Log {
  write(event: keyof ProcoreEvents, detail: object): void;
  /** Whether this event becomes a line: where it does not, it need not be made for the log. */
  takes(event: keyof ProcoreEvents): boolean;
}

const levels: Record<keyof ProcoreEvents, keyof Logger> = {
  'token-renewed': 'info',
  'token-adopted': 'info',
  'token-renewal-failed': 'warn',
  'token-save-failed': 'error',
  'token-saved-late': 'info',
  'reauthentication-required': 'error',
  'request-waiting': 'debug',
  'request-retried': 'debug',
  'request-settled': 'debug',
  warning: 'warn',
};

/**
 * Creates the log of one attach. Without a logger, warnings and errors go to `process.emitWarning`, so that the loss of a token is not
 * silent.
 */
export function createLog(logger: Settings['logger']): Log {
  function takes(event: keyof ProcoreEvents): boolean {
    const level = levels[event];
    return Boolean(logger) || level === 'warn' || level === 'error';
  }

  return {
    takes,
    write(event, detail) {
      if (!takes(event)) return;
      // Any exception is caught: a failing logger must not stop a renewal whose new pair still has to be handed out.
      contained(
        () => {
          const text = `axios-procore: ${event}${Object.entries(detail).filter(isLine).map(written).join('')}`;
          if (logger) return writeTo(logger, levels[event], text);
          if (typeof process === 'undefined') return undefined;
          return process.emitWarning(text, { type: 'ProcoreWarning', code: event });
        },
        () => undefined,
      );
    },
  };
}

/** Writes with the logger's function of this level; a logger without that has `log`, as the options check. */
function writeTo(logger: Logger | LoggerWithLog, level: keyof Logger, text: string): unknown {
  const { [level]: own } = logger as Partial<Logger>;
  return own ? own.call(logger, text) : (logger as LoggerWithLog).log(text);
}

/** Leaves `cause` out of the log line: the message contains what matters of it. */
function isLine([name]: [string, unknown]): boolean {
  return name !== 'cause';
}

function written([name, value]: [string, unknown]): string {
  if (value === undefined) return '';
  if (!(value instanceof Date)) return ` ${name}=${JSON.stringify(value)}`;
  return ` ${name}=${Number.isNaN(value.getTime()) ? 'unknown' : value.toISOString()}`;
}
