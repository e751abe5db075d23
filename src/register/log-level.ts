import { logLevels, type LogLevel } from './say.js';
import { logVariable, type Variables } from '../settings/variables.js';

/** Other common names of the levels. */
const others: Readonly<Record<string, LogLevel>> = {
  trace: 'debug',
  verbose: 'debug',
  warning: 'warn',
  off: 'silent',
  none: 'silent',
};

/** Reads AXIOS_PROCORE_LOG: the level that it names, or the message for a wrong value. */
export function logLevelIn(environment: Variables): { chosen?: LogLevel; wrong?: string } {
  const name = (environment[logVariable] ?? '')
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .toLowerCase();
  if (name === '') return {};
  const chosen = logLevels.find((level) => level === name) ?? others[name];
  if (chosen) return { chosen };
  return { wrong: `${logVariable} is of the wrong form; it takes one of ${logLevels.join(', ')}` };
}
