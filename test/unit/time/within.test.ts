import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { call, within } from '../../../src/time/within.js';
import { createManualEnv, settled } from '../../support/manual-env.js';

const unhandled: unknown[] = [];
const listen = (reason: unknown) => unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', listen));
afterEach(async () => {
  await settled();
  process.off('unhandledRejection', listen);
  expect(unhandled.splice(0)).toEqual([]);
});

function setUp() {
  const env = createManualEnv();
  const abort = new AbortController();
  let resolve!: (value: string) => void;
  let reject!: (error: unknown) => void;
  const work = new Promise<string>((...settle) => ([resolve, reject] = settle));
  const waited = within(env, 1_000, work, abort.signal);
  const clean = () => {
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  };
  return { env, abort, resolve, reject, waited, clean };
}

describe('a bounded wait', () => {
  test('gives the value of the work', async () => {
    const { env, resolve, waited, clean } = setUp();
    await env.advance(999);
    resolve('value');
    expect(await waited).toEqual({ kind: 'done', value: 'value' });
    clean();
  });

  test('gives a rejection as a value', async () => {
    const { reject, waited, clean } = setUp();
    const error = new Error('x');
    reject(error);
    expect(await waited).toEqual({ kind: 'failed', error });
    clean();
  });

  test('ends after its time, and a later rejection of the work is handled', async () => {
    const { env, reject, waited, clean } = setUp();
    await env.advance(1_000);
    expect(await waited).toEqual({ kind: 'elapsed' });
    clean();
    reject(new Error('late'));
  });

  test('ends on abort within a tick, and a later rejection of the work is handled', async () => {
    const { abort, reject, waited, clean } = setUp();
    await settled();
    abort.abort();
    expect(await waited).toEqual({ kind: 'aborted' });
    clean();
    reject(new Error('late'));
  });

  test('does not begin on an aborted signal, and a rejection of the work is handled', async () => {
    const env = createManualEnv();
    const signal = AbortSignal.abort();
    const failing = Promise.reject(new Error('x'));
    expect(await within(env, 1_000, failing, signal)).toEqual({ kind: 'aborted' });
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('of no time at all still takes what is there already', async () => {
    const env = createManualEnv();
    expect(await within(env, 0, Promise.resolve(5))).toEqual({ kind: 'done', value: 5 });
    expect(await within(env, -1, Promise.resolve(5))).toEqual({ kind: 'done', value: 5 });
    expect(await within(env, 0, new Promise(() => {}))).toEqual({ kind: 'elapsed' });
  });

  test('needs no signal', async () => {
    const env = createManualEnv();
    const waited = within(env, 1_000, new Promise(() => {}));
    await env.advance(1_000);
    expect(await waited).toEqual({ kind: 'elapsed' });
    expect(env.sleeping).toBe(0);
  });
});

describe('user code', () => {
  test('that throws before it returns a promise rejects', async () => {
    const error = new Error('x');
    const thrown = call(() => {
      throw error;
    });
    await expect(thrown).rejects.toBe(error);
  });

  test('may return a value, a promise or any thenable', async () => {
    expect(await call(() => 5)).toBe(5);
    expect(await call(() => Promise.resolve(5))).toBe(5);
    expect(await call(() => ({ then: (resolve: (n: number) => void) => resolve(5) }) as never)).toBe(5);
  });

  test('has begun when the call returns', () => {
    let begun = false;
    void call(() => (begun = true));
    expect(begun).toBe(true);
  });
});
