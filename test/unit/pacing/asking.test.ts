import { afterEach, beforeEach, expect, test } from 'vitest';
import { Asking, replyMs, type Asker } from '../../../src/pacing/asking.js';
import { createOutage } from '../../../src/pacing/outage.js';
import type { Question, Reply } from '../../../src/pacing/shared/exchange.js';
import { createManualEnv, settled, type ManualEnv } from '../../support/manual-env.js';

interface Put {
  readonly question: Question;
  answer(reply?: unknown): Promise<void>;
  reject(error: unknown): Promise<void>;
}

const reply: Reply = {
  epoch: 'e',
  granted: 1,
  validMs: 1_000,
  isFirst: false,
  ahead: 0,
  opensInMs: undefined,
  status: undefined,
  askAgainInMs: 0,
  limit: undefined,
  left: undefined,
  resetInMs: undefined,
  issued: 0,
  outstanding: 0,
};
const question = (number: number, again = 0) => ({ number, waiting: again }) as Question;

/** A gate that has so many questions to ask, and a common state that answers when the test says so. */
function stand({ questions = 1, name = 'scope' } = {}) {
  const puts: Put[] = [];
  const log: string[] = [];
  let left = questions;
  let number = 0;
  let again = 0;
  const asker: Asker = {
    now: () => env.now(),
    nextQuestion: () => (left-- > 0 ? question(++number, (again = 0)) : nextAtMs),
    questionAgain: () => question(number, ++again),
    replied: () => log.push('replied'),
    unanswered: () => log.push('unanswered'),
  };
  let nextAtMs = Infinity;
  const shared = {
    ask: (_scope: string, asked: Question) =>
      new Promise<Reply>((resolve, reject) =>
        puts.push({
          question: asked,
          answer: (value: unknown = reply) => (resolve(value as Reply), settled()),
          reject: (error) => (reject(error), settled()),
        }),
      ),
  };
  const asking = new Asking({ env, shared, outage, inContext: (work) => work() }, name, asker);
  return {
    puts,
    log,
    asking,
    shared,
    asked: () => puts.map((put) => `${put.question.number}${'+'.repeat(put.question.waiting)}`),
    look: () => asking.look(env.now()),
    use: () => asking.used(env.now()),
    more(count = 1) {
      left = count;
    },
    laterAt(atMs: number) {
      nextAtMs = atMs;
    },
  };
}

let env: ManualEnv;
let told: string[];
let outage: ReturnType<typeof createOutage>;
beforeEach(() => {
  env = createManualEnv();
  told = [];
  outage = createOutage({
    now: env.now,
    alone: (cause) => void told.push(cause),
    together: (aloneMs) => void told.push(`together after ${aloneMs}`),
  });
});
let unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test('one question is under way at a time, and the next is put when the gate looks again', async () => {
  const { puts, log, asking, look, asked } = stand({ questions: 2 });
  look();
  look();
  expect([asked(), asking.isAsking]).toEqual([['1'], true]);
  await puts[0]!.answer();
  expect([log, asking.isAsking]).toEqual([['replied'], false]);
  look();
  expect(asked()).toEqual(['1', '2']);
  await puts[1]!.answer();
  expect([told, env.sleeping]).toEqual([[], 0]);
});

test('a question that is not answered within 500 ms makes the gate pace alone, which its late reply ends; the outage ends with a reply in time', async () => {
  const { puts, log, asking, look } = stand({ questions: 2 });
  look();
  await env.advance(replyMs - 1);
  expect([log, told]).toEqual([[], []]);
  await env.advance(1);
  expect([log, asking.isAlone]).toEqual([['unanswered'], true]);
  expect(told).toEqual(['it has not answered within 500 ms']);
  await env.advance(200);
  await puts[0]!.answer();
  expect(asking.isAlone).toBe(false);
  expect(log.at(-1)).toBe('replied');
  expect(told.length).toBe(1);
  look();
  await env.advance(replyMs - 1);
  await puts[1]!.answer();
  expect(told.slice(1)).toEqual([`together after ${200 + replyMs - 1}`]);
  expect(env.sleeping).toBe(0);
});

test('a pacing that answers every question late is told of once', async () => {
  const { puts, asking, look } = stand({ questions: 20 });
  for (let asked = 0; asked < 20; asked++) {
    look();
    await env.advance(replyMs + 100);
    expect(asking.isAlone).toBe(true);
    await puts.at(-1)!.answer();
    expect(asking.isAlone).toBe(false);
  }
  expect(told).toEqual(['it has not answered within 500 ms']);
});

test('a question that is rejected makes it pace alone at once; it is put again a second after, and tells the same', async () => {
  const { puts, look, use, asked } = stand();
  look();
  await puts[0]!.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
  expect(told).toEqual(['it cannot be asked (ECONNREFUSED): connect ECONNREFUSED']);
  await env.advance(999);
  use();
  expect(asked()).toEqual(['1']);
  await env.advance(1);
  expect(asked()).toEqual(['1', '1+']);
  await puts[1]!.answer();
  expect(told.slice(1)).toEqual(['together after 1000']);
});

test('what was rejected is tried each second while calls are made, and more and more rarely where none is', async () => {
  const { puts, look, use } = stand();
  look();
  const waits: number[] = [];
  for (let lastAtMs = env.now(), tries = 1; tries < 12; tries = puts.length) {
    await puts.at(-1)!.reject(new Error('away'));
    while (puts.length === tries) {
      await env.advance(500);
      if (tries < 4) use();
    }
    waits.push(env.now() - lastAtMs);
    lastAtMs = env.now();
  }
  expect(waits).toEqual([1_000, 1_000, 1_000, 1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
  use();
  expect(puts.length).toBe(12);
  await puts.at(-1)!.reject(new Error('away'));
  await env.advance(1_000);
  use();
  expect(puts.length).toBe(13);
});

test('tries that a client keeps until it is connected become rarer, and the first reply of any counts', async () => {
  const { puts, look, use, asked, log, more } = stand();
  look();
  for (let ms = 0; ms < 30_000; ms += 500) {
    await env.advance(500);
    use();
  }
  expect(asked()).toEqual(['1', '1+', '1++', '1+++', '1++++']);
  more();
  await puts[0]!.answer();
  expect(log).toEqual(['unanswered', 'replied']);
  look();
  for (const put of puts.slice(1, 5)) await put.answer();
  expect([asked().length, log.length]).toEqual([6, 2]);
  await puts[5]!.answer();
  expect(log.length).toBe(3);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('closed');
    },
    'it cannot be asked (Error): closed',
  ],
  ['returns nothing', () => undefined, 'it has answered with nothing, which is no reply'],
  [
    'answers with what throws where it is read',
    () =>
      Object.defineProperty({}, 'epoch', {
        get() {
          throw new Error('not for you');
        },
      }) as unknown,
    'it has answered with an object, which is no reply',
  ],
  [
    'answers with half a reply',
    () => ({ epoch: 'e', granted: NaN }),
    'it has answered with an object, which is no reply',
  ],
])('a pacing that %s is away', async (_case, ask, cause) => {
  const { asking, shared, look } = stand();
  Object.assign(shared, { ask });
  look();
  await settled();
  expect([asking.isAlone, told]).toEqual([true, [cause]]);
});

test('the cause of an outage has no secret', async () => {
  const { puts, look } = stand();
  look();
  await puts[0]!.reject(new Error('redis://user:s3cret-passw0rd@redis.example.com:6379 is away'));
  expect(told.join()).not.toContain('s3cret');
});

test('one outage of many gates is told once, and ends when all of them have been answered', async () => {
  const all = [1, 2, 3].map((number) => stand({ name: `scope ${number}` }));
  for (const { look } of all) look();
  for (const { puts } of all) await puts[0]!.reject(new Error('away'));
  expect(told.length).toBe(1);
  await env.advance(1_000);
  await all[0]!.puts[1]!.answer();
  await all[1]!.puts[1]!.answer();
  expect(told.length).toBe(1);
  await all[2]!.puts[1]!.answer();
  expect(told.slice(1)).toEqual(['together after 1000']);
  all[0]!.more();
  all[0]!.look();
  await all[0]!.puts[2]!.reject(new Error('away again'));
  expect(told.length).toBe(3);
});

test('a gate that is forgotten while it paces alone ends no outage of others, leaves no timer, and hears no late reply', async () => {
  const [gone, other] = [stand(), stand()];
  for (const { look } of [gone, other]) look();
  for (const { puts } of [gone, other]) await puts[0]!.reject(new Error('away'));
  gone.asking.rest(true);
  expect(env.sleeping).toBe(1);
  await env.advance(1_000);
  expect(gone.asked()).toEqual(['1']);
  await other.puts[1]!.answer();
  expect(told.slice(1)).toEqual(['together after 1000']);
  expect(env.sleeping).toBe(0);
});

test('looks again when there may be something to ask', async () => {
  const { puts, look, laterAt, more } = stand({ questions: 0 });
  laterAt(env.now() + 10_000);
  look();
  more();
  await env.advance(9_999);
  expect(puts.length).toBe(0);
  laterAt(Infinity);
  await env.advance(1);
  expect(puts.length).toBe(1);
  await puts[0]!.answer();
});

test('a gate that rests tells of no outage, tries nothing again and leaves no timer, until it is used', async () => {
  const { puts, asking, use, look } = stand({ questions: 1 });
  asking.rest(false);
  await puts[0]!.reject(new Error('closed'));
  expect([told, env.sleeping]).toEqual([[], 0]);
  await env.advance(60_000);
  expect(puts.length).toBe(1);
  asking.isResting = false;
  use();
  expect(puts.length).toBe(2);
  await puts[1]!.reject(new Error('closed'));
  expect(told).toEqual(['it cannot be asked (Error): closed']);
  await env.advance(1_000);
  await puts[2]!.answer();
  expect(told.length).toBe(2);
  look();
});
