import { logLevels, type LogLevel } from './say.js';
import { logVariable, type Variables } from './variables.js';

/** What other programs call the levels. */
const others: Readonly<Record<string, LogLevel>> = {
  trace: 'debug',
  verbose: 'debug',
  warning: 'warn',
  off: 'silent',
  none: 'silent',
};

/** The level that AXIOS_PROCORE_LOG names, or what is wrong with it. */
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
