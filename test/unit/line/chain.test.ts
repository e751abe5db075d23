import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { describe, expect, test } from 'vitest';
import { createLine } from '../../../src/line/chain.js';

const answer = (status = 200) => ({ status }) as AxiosResponse;
const error = new Error('x');

/** A line that notes what passes. */
function setUp(send: (config: AxiosRequestConfig) => Promise<AxiosResponse> = async () => answer()) {
  const log: string[] = [];
  const line = createLine((config) => {
    log.push('send');
    return send(config);
  });
  const response = (name: string) =>
    line.interceptors.response.use((value) => {
      log.push(name);
      return value;
    });
  return { line, log, response };
}

describe('the line', () => {
  test('sends in the same tick, and runs its handlers first in, first out, as axios runs response interceptors', async () => {
    const { line, log, response } = setUp();
    response('response 1');
    response('response 2');
    const answered = line({});
    expect(log).toEqual(['send']);
    await answered;
    expect(log).toEqual(['send', 'response 1', 'response 2']);
  });

  test('sends the configuration that it is given', async () => {
    const sent: AxiosRequestConfig[] = [];
    const { line } = setUp(async (config) => (sent.push(config), answer()));
    const config = { url: 'x' };
    await line(config);
    expect(sent).toEqual([config]);
    expect(sent[0]).toBe(config);
  });

  test('hands each handler the answer of the one before', async () => {
    const { line } = setUp();
    line.interceptors.response.use((value) => answer(value.status + 1));
    line.interceptors.response.use(async (value) => answer(value.status + 1));
    expect(await line({})).toEqual(answer(202));
  });

  test('hands the error of an attempt to the handlers of errors, and what they answer to those behind', async () => {
    const { line } = setUp(() => Promise.reject(error));
    const seen: unknown[] = [];
    line.interceptors.response.use((value) => (seen.push('not reached'), value));
    line.interceptors.response.use(null, (rejection) => (seen.push(rejection), answer(299)));
    line.interceptors.response.use((value) => (seen.push(value.status), value));
    expect(await line({})).toEqual(answer(299));
    expect(seen).toEqual([error, 299]);
  });

  test('hands the throw of a handler to those behind, not to itself', async () => {
    const { line } = setUp();
    const seen: string[] = [];
    line.interceptors.response.use(
      () => {
        throw error;
      },
      () => (seen.push('itself'), answer()),
    );
    line.interceptors.response.use(null, () => (seen.push('behind'), answer(299)));
    expect(await line({})).toEqual(answer(299));
    expect(seen).toEqual(['behind']);
  });

  test('passes an attempt that is under way to the same handlers, without a send', async () => {
    const { line, log, response } = setUp();
    response('response');
    expect(await line.back(Promise.resolve(answer(201)))).toEqual(answer(201));
    await expect(line.back(Promise.reject(error))).rejects.toBe(error);
    expect(log).toEqual(['response']);
  });

  test('can be run again by a handler: the further attempt passes every handler', async () => {
    let sends = 0;
    const { line, log, response } = setUp(async () => {
      if (sends++ === 0) throw error;
      return answer();
    });
    response('response');
    line.interceptors.response.use(null, () => line({}));
    expect(await line({})).toEqual(answer());
    expect(log).toEqual(['send', 'send', 'response']);
  });

  test('gives each handler a number, and no defaults to whoever attaches', () => {
    const { line } = setUp();
    expect([0, 1].map(() => line.interceptors.response.use(null))).toEqual([0, 1]);
    expect(line.defaults).toEqual({});
  });
});
