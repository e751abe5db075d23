import type { LogFields } from '../options/options.js';
import { durationInWords } from '../text/duration.js';
import { oneLine } from '../text/one-line.js';
import type { ProcoreEvents } from './events.js';
import { inIso } from './log-fields.js';
import type { Told } from './log-level.js';

/** What the sentence of each event has said already. */
const said: Readonly<Record<keyof ProcoreEvents, readonly string[]>> = Object.freeze({
  'token-renewed': ['account', 'expiresAt', 'unsaved'],
  'token-adopted': ['account', 'expiresAt', 'from'],
  'token-renewal-failed': ['retryAt'],
  'token-save-failed': [],
  'token-saved-late': ['account'],
  'reauthentication-required': [],
  'request-waiting': ['host', 'method', 'path', 'reason', 'awaits', 'before', 'attempt'],
  'request-retried': ['host', 'method', 'path', 'reason', 'attempt', 'status', 'code'],
  'request-settled': ['host', 'method', 'path', 'attempts', 'status', 'code', 'waitedMs', 'durationMs'],
  'pacing-together': ['aloneMs'],
  warning: [],
});

/**
 * An event as one line for people: a sentence, and behind it the name of the event and those of its `fields` that the sentence does not
 * have. So nothing is lost where a logger drops the fields.
 */
export function textOf(told: Told, fields: LogFields, nowMs: number): string {
  const rest = Object.entries(fields)
    .filter(([name]) => name !== 'event' && !said[told.event].includes(name))
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return oneLine(`axios-procore: ${sentenceOf(told, nowMs)} (${told.event}${rest.join('')})`);
}

function sentenceOf({ event, detail }: Told, nowMs: number): string {
  switch (event) {
    case 'token-renewed':
      return `renewed the tokens of account ${quoted(detail.account)}${until(detail.expiresAt)}${detail.unsaved ? '; they are not saved yet' : ''}`;
    case 'token-adopted': {
      const by = detail.from === 'store' ? 'in the store' : 'that this process has renewed already';
      return `uses the tokens of account ${quoted(detail.account)} ${by}${until(detail.expiresAt)}`;
    }
    case 'token-saved-late':
      return `saved the tokens of account ${quoted(detail.account)} after all`;
    case 'token-renewal-failed': {
      const next = detail.retryAt ? `; the next try is not before ${inIso(detail.retryAt)}` : '';
      return `${withoutStop(detail.message)}${next}`;
    }
    case 'token-save-failed':
    case 'reauthentication-required':
    case 'warning':
      return withoutStop(detail.message);
    case 'pacing-together':
      return `paces calls together with other processes again, after ${durationInWords(detail.aloneMs)} alone`;
    case 'request-waiting':
      return `${waiting(detail, nowMs)}: ${named(detail)}`;
    case 'request-retried':
      return `${retried(detail)}: ${named(detail)}`;
    case 'request-settled':
      return `${settled(detail)}: ${named(detail)}`;
  }
}

function waiting(detail: ProcoreEvents['request-waiting'], nowMs: number): string {
  const { reason, awaits, until, before, attempt } = detail;
  const what = {
    token: awaits === 'renewal' ? 'for the renewal of its token' : 'for the tokens of its account',
    'rate-limit': 'for the rate limit',
    unavailable: 'for the server, which refuses calls',
    retry: `before attempt ${attempt}`,
  }[reason];
  const time = until ? ` ${durationInWords(until.getTime() - nowMs)}` : '';
  const again = attempt > 1 && reason !== 'retry' ? ` with attempt ${attempt}` : '';
  return `waits${time} ${what}${again}${before === undefined ? '' : `, ${calls(before)} before it`}`;
}

function retried({ reason, attempt, status, code }: ProcoreEvents['request-retried']): string {
  if (reason === 'unauthorized') return `sends attempt ${attempt} with another token, after ${status ?? 401}`;
  return `sends attempt ${attempt}, after ${status ?? code ?? 'no answer'}`;
}

function settled(detail: ProcoreEvents['request-settled']): string {
  const { status, code, attempts, waitedMs, durationMs } = detail;
  const answered = status === undefined ? undefined : `answered with ${status}`;
  const failed = code === undefined ? undefined : `failed with ${code}`;
  const outcome = [answered, failed].filter(Boolean).join(', ') || 'ended without an answer';
  const sent = attempts === 1 ? '' : `, ${attempts === 0 ? 'never sent' : `${attempts} attempts`}`;
  const waited = waitedMs > 0 ? `, ${durationInWords(waitedMs)} of it waiting` : '';
  return `${outcome} after ${durationInWords(durationMs)}${waited}${sent}`;
}

function named({ method, host, path }: { method: string; host: string; path: string }): string {
  return `${method} ${host} ${path}`;
}

function calls(count: number): string {
  return count === 1 ? '1 call is' : `${count === 0 ? 'no' : count} calls are`;
}

function until(date: Date | undefined): string {
  return date ? ` until ${inIso(date)}` : '';
}

function withoutStop(message: string): string {
  return message.replace(/\.\s*$/, '');
}

/** A name of the application's, in which there may be anything. */
function quoted(name: string): string {
  return JSON.stringify(name);
}
