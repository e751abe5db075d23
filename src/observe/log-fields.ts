import type { LogFields } from '../options/options.js';
import type { Told } from './log-level.js';

/**
 * The name of an event and its details as fields of a log line, which any logger writes: dates as ISO 8601. `message` is not among them: the
 * line has it, and winston would append it to the line. `cause` is not either: the message says what matters of it.
 */
export function fieldsOf({ event, detail }: Told): LogFields {
  const fields: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(detail) as [string, unknown][]) {
    if (name === 'message' || name === 'cause' || value === undefined) continue;
    fields[name] = value instanceof Date ? inIso(value) : (value as string | number | boolean);
  }
  return { event, ...fields };
}

/** A date in ISO 8601; what is not a date has no such form. */
export function inIso(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
}
