import { afterEach, expect, test, vi } from 'vitest';
import { createLog } from '../../../src/observe/log.js';
import type { LogFields, Logger } from '../../../src/options/options.js';
import { detailOf, eventNames } from './support/details.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const nowMs = Date.parse('2026-05-01T11:59:48Z');
type Line = [level: string, text: string, fields: LogFields];

function recorder(more: Partial<Logger> = {}): Logger & { lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (text: string, fields: LogFields) => void lines.push([level, text, fields]);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), ...more };
}

function writeAll(logger: Logger | undefined): void {
  const log = createLog(logger, () => nowMs);
  for (const event of eventNames) log.write(event, detailOf(event).detail);
}

test('a logger gets a line of text, and the same as fields', () => {
  const logger = recorder();
  createLog(logger, () => nowMs).write('token-saved-late', { account: 'a' });
  expect(logger.lines).toEqual([
    [
      'info',
      'axios-procore: saved the tokens of account "a" after all (token-saved-late)',
      { event: 'token-saved-late', account: 'a' },
    ],
  ]);
});

test('the length of a wait is that on the clock of the attach', () => {
  const logger = recorder();
  createLog(logger, () => nowMs).write('request-waiting', detailOf('request-waiting').detail as never);
  expect(logger.lines[0]).toEqual(['info', expect.stringContaining('waits 12 s'), expect.anything()]);
});

test('the logger keeps its this, as winston needs it', () => {
  class Own {
    lines: string[] = [];
    debug(text: string) {
      this.lines.push(text);
    }
    info = this.debug;
    warn = this.debug;
    error = this.debug;
  }
  const logger = new Own();
  writeAll(logger);
  expect(logger.lines).toHaveLength(eventNames.length);
});

test('each event is one line', () => {
  const logger = recorder();
  writeAll(logger);
  expect(logger.lines.map(([, , { event }]) => event)).toEqual(eventNames);
});

test('without a logger, warnings and errors go to process.emitWarning, the rest nowhere', () => {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  writeAll(undefined);
  expect(emitWarning.mock.calls.map(([, options]) => options)).toEqual(
    ['token-renewal-failed', 'token-save-failed', 'reauthentication-required', 'warning'].map((code) => ({
      type: 'ProcoreWarning',
      code,
    })),
  );
  expect(emitWarning.mock.calls[3]![0]).toBe('axios-procore: A message (warning code="legacy-refresh")');
});

test('lines of a level that the logger has switched off are not made', () => {
  const asked: unknown[] = [];
  const logger = recorder({
    isLevelEnabled(level) {
      asked.push([this === logger, level]);
      return level !== 'debug';
    },
  });
  const log = createLog(logger, () => nowMs);
  const read: string[] = [];
  const detail = new Proxy(detailOf('request-settled').detail, {
    ownKeys(target) {
      read.push('all');
      return Reflect.ownKeys(target);
    },
  });
  log.write('request-settled', detail as never);
  expect(read).toEqual([]);
  expect([log.takes('request-settled'), log.takes('request-settled', 5_001)]).toEqual([false, true]);
  expect([log.takes('request-waiting'), log.takes('warning')]).toEqual([true, true]);
  expect(asked).toContainEqual([true, 'debug']);
  writeAll(logger);
  expect(logger.lines.some(([level]) => level === 'debug')).toBe(false);
  expect(logger.lines.some(([level]) => level === 'info')).toBe(true);
});

test('a logger that says nothing of its levels, or fails to, gets every line', () => {
  for (const isLevelEnabled of [
    () => {
      throw new Error('x');
    },
    () => undefined as never,
    () => Promise.resolve(false) as never,
  ]) {
    const logger = recorder({ isLevelEnabled });
    writeAll(logger);
    expect(logger.lines).toHaveLength(eventNames.length);
  }
});

test('a logger whose log does for info, as that of Nest, is asked for the level by that name', () => {
  const { debug, warn, error } = recorder();
  const lines: unknown[] = [];
  const isLevelEnabled = (level: string) => level === 'log';
  const logger = { debug, warn, error, log: (text: string) => void lines.push(text), isLevelEnabled };
  createLog(logger, () => nowMs).write('token-saved-late', { account: 'a' });
  expect(lines).toHaveLength(1);
});

test('a logger that throws or rejects harms nobody, and neither does a detail that cannot be read', async () => {
  const fail = () => {
    throw new Error('x');
  };
  const reject = () => Promise.reject(new Error('x')) as never;
  writeAll({ debug: fail, info: fail, warn: fail, error: fail });
  writeAll({ debug: reject, info: reject, warn: reject, error: reject });
  createLog(recorder(), () => nowMs).write('token-saved-late', {
    get account(): string {
      return fail();
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
});

/** What loggers put on a line themselves, or treat in a way of their own. */
const taken = [
  'level',
  'message',
  'msg',
  'name',
  'time',
  'timestamp',
  'pid',
  'hostname',
  'v',
  'src',
  'stack',
  'err',
];

test('no field has the name of one that a logger sets itself', () => {
  const logger = recorder();
  writeAll(logger);
  for (const [, , fields] of logger.lines)
    expect(Object.keys(fields).filter((name) => taken.includes(name))).toEqual([]);
});
