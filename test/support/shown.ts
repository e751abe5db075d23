import { normalize } from '@sentry/core';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { pino } from 'pino';
import winston from 'winston';

/** What applications print of an error or an answer, by the way in which they print it. */
export function shown(value: unknown): Record<string, string> {
  const { response, config, cause } = (value ?? {}) as Record<string, unknown>;
  const ways: Record<string, () => string> = {
    'pino().error(value)': () => written((out) => pino({}, out).error(value)),
    'pino().error({ err })': () => written((out) => pino({}, out).error({ err: value }, 'failed')),
    'pino without limits': () =>
      written((out) => pino({ depthLimit: 50, edgeLimit: 1000 }, out).error({ err: value, response })),
    'winston json with stacks': () =>
      byWinston(winston.format.errors({ stack: true }), winston.format.json(), value),
    'winston json': () => byWinston(winston.format.splat(), winston.format.json(), value),
    'winston simple': () => byWinston(winston.format.errors({ stack: true }), winston.format.simple(), value),
    'console.error': () => written((out) => new Console(out, out).error(value)),
    'console.error beside a text': () => written((out) => new Console(out, out).error('failed:', value)),
    'console.dir': () => written((out) => new Console(out, out).dir(value, { depth: null })),
    'util.inspect': () => inspect(value, { depth: 20, showHidden: false, maxArrayLength: null }),
    'util.inspect as it is': () => inspect(value, { depth: 20, customInspect: false, maxArrayLength: null }),
    'util.inspect of a wrapped one': () => inspect(new Error('wrapped', { cause: value }), { depth: 20 }),
    "Sentry's normalise": () => JSON.stringify(normalize(value, 20, 10_000)),
    'JSON.stringify': () => inJson(value),
    'JSON.stringify of a spread': () => inJson({ ...(value as object) }),
    'JSON.stringify of all that JSON can have': () => inJson(value, true),
    'the response': () => `${inspect(response, { depth: 20 })}${inJson(response)}`,
    'the config': () => `${inspect(config, { depth: 20 })}${inJson(config)}`,
    'the cause': () => `${inspect(cause, { depth: 20 })}${inJson(cause)}`,
    'a clone': () => cloned(value),
    'the text': () => `${String(value)} ${(value as { stack?: string })?.stack ?? ''}`,
  };
  return Object.fromEntries(Object.entries(ways).map(([way, show]) => [way, unlessInCircles(show)]));
}

/** axios's own `toJSON` of a cancelled fetch never ends, and nobody can print it. */
function unlessInCircles(show: () => string): string {
  try {
    return show();
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

function written(write: (out: Writable) => void): string {
  let text = '';
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  write(out);
  return text;
}

function byWinston(first: winston.Logform.Format, last: winston.Logform.Format, value: unknown): string {
  return written((stream) => {
    const transports = [new winston.transports.Stream({ stream })];
    const logger = winston.createLogger({ format: winston.format.combine(first, last), transports });
    logger.error(value as Error);
    logger.error('failed', value as Error);
    logger.error('failed', { error: value });
  });
}

/** Without what cannot be in JSON: what is met a second time. */
function inJson(value: unknown, withoutToJson = false): string {
  const above = new Set<unknown>();
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return String(item);
    if (typeof item !== 'object' || item === null) return item;
    if (above.has(item)) return undefined;
    above.add(item);
    return withoutToJson && item instanceof Error ? { ...item } : item;
  });
  return text ?? '';
}

function cloned(value: unknown): string {
  const whole = value instanceof Error ? value : undefined;
  try {
    return inspect(structuredClone(whole), { depth: 20 });
  } catch (error) {
    // Configurations have functions in them.
    return (error as Error).name === 'DataCloneError' ? '' : String(error);
  }
}
