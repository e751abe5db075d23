import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { ConsoleLogger, Logger as NestLogger } from '@nestjs/common';
import bunyan from 'bunyan';
import { createConsola } from 'consola';
import log4js from 'log4js';
import loglevel from 'loglevel';
import { pino, type LoggerOptions } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import winston from 'winston';
import { createLog } from '../../../src/observe/log.js';
import type { ProcoreOptions } from '../../../src/options/options.js';
import { examplesOf } from '../../docs/support/pages.js';
import { runExample } from '../../docs/support/run.js';
import { detailOf } from './support/details.js';

/** What is given as `logger`, as it is: that it compiles is a part of the test. */
type AsItIs = NonNullable<ProcoreOptions['logger']>;

const nowMs = Date.parse('2026-05-01T11:59:48Z');
const told = [
  detailOf('request-waiting', { account: 'no ${1} %s %d %j {} :x', path: '/rest/v1.0/a%d0%s' }),
  detailOf('request-settled'),
  detailOf('token-renewal-failed'),
  detailOf('token-save-failed'),
] as const;
const names = told.map(({ event }) => event);
const line = {
  waiting:
    'axios-procore: waits 12 s for the rate limit, 14 calls are before it: GET api.procore.com /rest/v1.0/a%D0%25s (request-waiting callId="k3v09x2m-17" account="no ${1} %25s %25d %25j {} :x" until="2026-05-01T12:00:00.000Z")',
  saveFailed: 'axios-procore: store.save() failed (42P01) (token-save-failed account="default")',
};
const waitingFields = {
  event: 'request-waiting',
  callId: 'k3v09x2m-17',
  account: 'no ${1} %s %d %j {} :x',
  host: 'api.procore.com',
  method: 'GET',
  path: '/rest/v1.0/a%d0%s',
  reason: 'rate-limit',
  until: '2026-05-01T12:00:00.000Z',
  before: 14,
  attempt: 1,
};

function tell(logger: AsItIs): void {
  const log = createLog(logger, () => nowMs);
  for (const { event, detail } of told) log.write(event, detail);
}

/** The logger of the one example in docs/observability.md that has this text. */
async function recipeWith(text: string, name = '', exported: object = {}): Promise<AsItIs> {
  const found = examplesOf('docs/observability.md').filter((blocks) =>
    blocks.some(({ code }) => code.includes(text)),
  );
  expect([text, found.length]).toEqual([text, 1]);
  const modules = {
    axios: { default: { create: () => undefined } },
    'axios-procore': { attachProcore: () => undefined, memoryTokenStore: () => undefined },
    [name]: exported,
  };
  return (await runExample(found[0]!, modules, ['logger']))['logger'] as AsItIs;
}

/** A stream that keeps what is written. */
function sink(): { out: Writable; text: () => string; json: () => Record<string, unknown>[] } {
  let text = '';
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const json = () =>
    text
      .trim()
      .split('\n')
      .map((entry) => JSON.parse(entry) as Record<string, unknown>);
  return { out, text: () => text, json };
}

/** What a logger writes to the console, without its colours. */
function onConsole(): () => string {
  const written: string[] = [];
  const keep = (chunk: string | Uint8Array) => {
    written.push(String(chunk));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  return () => stripVTControlCharacters(written.join(''));
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('winston has the fields in an entry of their own, and the line as message', () => {
  const { out, json } = sink();
  tell(
    winston.createLogger({
      level: 'debug',
      format: winston.format.json(),
      transports: [new winston.transports.Stream({ stream: out })],
    }),
  );
  expect(json()[0]).toEqual({ ...waitingFields, level: 'info', message: line.waiting });
  expect(json()[3]).toEqual({
    event: 'token-save-failed',
    account: 'default',
    level: 'error',
    message: line.saveFailed,
  });
  expect(json().map(({ event }) => event)).toEqual(names);
});

test('winston with splat(), which many applications have, keeps the line and the fields', () => {
  const { out, json } = sink();
  const { combine, splat, json: inJson } = winston.format;
  tell(
    winston.createLogger({
      level: 'debug',
      format: combine(splat(), inJson()),
      transports: [new winston.transports.Stream({ stream: out })],
    }),
  );
  expect(json()[0]).toEqual({ ...waitingFields, level: 'info', message: line.waiting });
});

test('winston at info is not given the story of each call, because it says that it would not write it', () => {
  const logger = winston.createLogger({ level: 'info', silent: true });
  const debug = vi.spyOn(logger, 'debug');
  const info = vi.spyOn(logger, 'info');
  tell(logger);
  expect(debug).not.toHaveBeenCalled();
  expect(info).toHaveBeenCalledTimes(1);
});

test('pino drops the fields, and loses nothing by that, because the line has them', () => {
  const { out, json } = sink();
  tell(pino({ level: 'debug' }, out));
  expect(json().map(({ msg }) => msg)).toEqual([
    line.waiting,
    expect.stringMatching(/answered with 200 .*requestId="r-1"/),
    expect.stringContaining('code="ERR_PROCORE_TOKEN_RENEWAL"'),
    line.saveFailed,
  ]);
  expect(json()[0]).toMatchObject({ level: 30 });
  expect(json()[0]).not.toHaveProperty('callId');
});

test('pino as docs/observability.md has it shows the fields in its entries', async () => {
  const { out, json } = sink();
  const own = (options: LoggerOptions) => pino({ ...options, base: null, timestamp: false }, out);
  tell(await recipeWith("from 'pino'", 'pino', { pino: own }));
  expect(json()[0]).toEqual({ ...waitingFields, level: 30, msg: line.waiting });
  expect(json().map(({ event }) => event)).toEqual(names);
});

test('bunyan has the fields behind the line, and as docs/observability.md has it in its entries', async () => {
  const asItIs = sink();
  tell(bunyan.createLogger({ name: 'app', level: 'debug', stream: asItIs.out }));
  const said = String(asItIs.json()[0]!['msg']);
  expect(said.startsWith(`${line.waiting} {\n  event: 'request-waiting',\n`)).toBe(true);
  const { out, json } = sink();
  const createLogger = (options: bunyan.LoggerOptions) =>
    bunyan.createLogger({ ...options, name: 'app', stream: out });
  tell(
    await recipeWith("from 'bunyan'", 'bunyan', {
      default: { createLogger, resolveLevel: bunyan.resolveLevel },
    }),
  );
  expect(json()[0]).toMatchObject({ ...waitingFields, level: 30, msg: line.waiting, name: 'app' });
  expect(json().map(({ event }) => event)).toEqual(names);
});

test('the recipe for lines alone has neither fields nor the story of each call', async () => {
  const lines: unknown[][] = [];
  const write = (...parts: unknown[]) => void lines.push(parts);
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(write);
  tell(await recipeWith('console.info(line)'));
  expect(lines).toEqual([[line.waiting], [expect.stringContaining('No tokens')], [line.saveFailed]]);
});

test('log4js has the line and the fields in the data of its entries', async () => {
  log4js.configure({
    appenders: { kept: { type: 'recording' } },
    categories: { default: { appenders: ['kept'], level: 'debug' } },
  });
  tell(log4js.getLogger('procore'));
  const kept = log4js.recording().replay();
  log4js.recording().erase();
  await new Promise((resolve) => log4js.shutdown(resolve));
  expect(kept[0]!.data).toEqual([line.waiting, waitingFields]);
  expect(kept.map(({ level }) => level.levelStr)).toEqual(['INFO', 'DEBUG', 'WARN', 'ERROR']);
});

test('loglevel hands the line and the fields on to what writes', () => {
  const logger = loglevel.getLogger('procore');
  const written: unknown[][] = [];
  logger.methodFactory =
    (method) =>
    (...parts) =>
      void written.push([method, ...parts]);
  logger.setLevel('debug', false);
  tell(logger);
  expect(written[0]).toEqual(['info', line.waiting, waitingFields]);
  expect(written.map(([method]) => method)).toEqual(['info', 'debug', 'warn', 'error']);
});

test('consola has the line and the fields as arguments of its entries', () => {
  const entries: { type: string; args: unknown[] }[] = [];
  tell(createConsola({ level: 5, throttle: 0, reporters: [{ log: (entry) => void entries.push(entry) }] }));
  expect(entries[0]).toMatchObject({ type: 'info', args: [line.waiting, waitingFields] });
  expect(entries.map(({ type }) => type)).toEqual(['info', 'debug', 'warn', 'error']);
});

test('console prints the line and the fields behind it', () => {
  const { out, text } = sink();
  tell(new Console(out, out));
  expect(text()).toContain(`${line.waiting} {\n  event: 'request-waiting',\n`);
  expect(text()).toContain(`${line.saveFailed} { event: 'token-save-failed', account: 'default' }\n`);
});

test("Nest's Logger prints the line with its context, and the fields below it", () => {
  const written = onConsole();
  const logger = new NestLogger('Procore');
  NestLogger.overrideLogger(
    new ConsoleLogger({ colors: false, logLevels: ['debug', 'log', 'warn', 'error'] }),
  );
  tell(logger);
  createLog(logger, () => nowMs).write('token-saved-late', { account: 'a' });
  const text = written();
  const entries = text.split(/^\[Nest\]/m).map((entry) => entry.replace(/^.*(?= (LOG|ERROR) )/, ''));
  const below = (start: string) => entries[entries.findIndex((entry) => entry.startsWith(start)) + 1];
  expect(below(' LOG [Procore] axios-procore: waits 12 s ')).toMatch(
    /^ LOG \[Procore\] .*\{\s+event: 'request-waiting',/,
  );
  expect(below(' ERROR [Procore] axios-procore: store.save() failed ')).toMatch(
    /^ ERROR \[Procore\] .*\{\s+event: 'token-save-failed'/,
  );
  expect(below(' LOG [Procore] axios-procore: saved ')).toMatch(
    /^ LOG \[Procore\] .*\{\s+event: 'token-saved-late',\s+account: 'a'/,
  );
});

test("Nest's ConsoleLogger in JSON has the fields in an entry of their own, and is not given what it would not write", () => {
  const written = onConsole();
  tell(new ConsoleLogger({ json: true, colors: false, logLevels: ['debug', 'log', 'warn', 'error'] }));
  const [first, second] = written()
    .trim()
    .split('\n')
    .map((entry) => JSON.parse(entry) as object);
  expect(first).toMatchObject({ level: 'log', message: line.waiting });
  expect(second).toMatchObject({ level: 'log', message: waitingFields });
  const quiet = new ConsoleLogger({ logLevels: ['warn', 'error'] });
  const debug = vi.spyOn(quiet, 'debug');
  tell(quiet);
  expect(debug).not.toHaveBeenCalled();
});
