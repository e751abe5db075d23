import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { describe, expect, test } from 'vitest';
import { createLine } from '../../../src/line/chain.js';

const answer = (status = 200) => ({ status }) as AxiosResponse;

/** A line that notes what passes. */
function setUp(send: (config: AxiosRequestConfig) => Promise<AxiosResponse> = async () => answer()) {
  const log: string[] = [];
  const line = createLine((config) => {
    log.push('send');
    return send(config);
  });
  const request = (name: string, wait = false) =>
    line.interceptors.request.use((config) => {
      log.push(name);
      return wait ? Promise.resolve(config) : config;
    });
  const response = (name: string) =>
    line.interceptors.response.use((value) => {
      log.push(name);
      return value;
    });
  return { line, log, request, response };
}

describe('the line', () => {
  test('runs request interceptors last in, first out, and response interceptors first in, first out, as axios does', async () => {
    const { line, log, request, response } = setUp();
    request('request 1');
    request('request 2');
    response('response 1');
    response('response 2');
    await line({});
    expect(log).toEqual(['request 2', 'request 1', 'send', 'response 1', 'response 2']);
  });

  test('keeps that order where one of them waits', async () => {
    const { line, log, request } = setUp();
    request('request 1');
    request('request 2', true);
    request('request 3');
    await line({});
    expect(log).toEqual(['request 3', 'request 2', 'request 1', 'send']);
  });

  test('sends in the same tick where none of them waits', () => {
    const { line, log, request } = setUp();
    request('request');
    void line({});
    expect(log).toEqual(['request', 'send']);
  });

  test('sends in the same tick without any interceptor', () => {
    const { line, log } = setUp();
    void line({});
    expect(log).toEqual(['send']);
  });

  test('hands each the configuration of the one before, and the last one to the send', async () => {
    const sent: AxiosRequestConfig[] = [];
    const { line } = setUp(async (config) => (sent.push(config), answer()));
    line.interceptors.request.use((config) => ({ ...config, url: `${config.url}1` }));
    line.interceptors.request.use(async (config) => ({ ...config, url: `${config.url}2` }));
    line.interceptors.request.use((config) => ({ ...config, url: `${config.url}3` }));
    await line({ url: 'x' });
    expect(sent).toEqual([{ url: 'x321' }]);
  });

  test('hands each the answer of the one before', async () => {
    const { line } = setUp();
    line.interceptors.response.use((value) => answer(value.status + 1));
    line.interceptors.response.use(async (value) => answer(value.status + 1));
    expect(await line({})).toEqual(answer(202));
  });

  test.each(['throws', 'rejects'])('does not send when a request interceptor %s', async (how) => {
    const error = new Error('x');
    const { line, log, request } = setUp();
    const seen: unknown[] = [];
    request('request 1');
    line.interceptors.request.use(() => {
      if (how === 'throws') throw error;
      return Promise.reject(error);
    });
    line.interceptors.response.use(null, (rejection) => {
      seen.push(rejection);
      throw rejection;
    });
    await expect(line({})).rejects.toBe(error);
    expect(log).toEqual([]);
    expect(seen).toEqual([error]);
  });

  test.each(['throws', 'rejects'])('gives the error of a send that %s to those behind', async (how) => {
    const error = new Error('x');
    const { line } = setUp(() => {
      if (how === 'throws') throw error;
      return Promise.reject(error);
    });
    const seen: unknown[] = [];
    line.interceptors.response.use((value) => (seen.push('not reached'), value));
    line.interceptors.response.use(null, (rejection) => (seen.push(rejection), answer(299)));
    line.interceptors.response.use((value) => (seen.push(value.status), value));
    expect(await line({})).toEqual(answer(299));
    expect(seen).toEqual([error, 299]);
  });

  test('gives the throw of a response interceptor to those behind, not to itself', async () => {
    const { line } = setUp();
    const seen: string[] = [];
    line.interceptors.response.use(
      () => {
        throw new Error('x');
      },
      () => (seen.push('itself'), answer()),
    );
    line.interceptors.response.use(null, () => (seen.push('behind'), answer(299)));
    expect(await line({})).toEqual(answer(299));
    expect(seen).toEqual(['behind']);
  });

  test('rejects, and never throws', async () => {
    const { line } = setUp(() => {
      throw new Error('x');
    });
    let promise: Promise<unknown> | undefined;
    expect(() => (promise = line({}))).not.toThrow();
    await expect(promise).rejects.toThrow('x');
  });

  test('can be run again from within: a re-send passes every interceptor once more', async () => {
    let sends = 0;
    const { line, log, request } = setUp(async () => {
      if (sends++ === 0) throw new Error('first');
      return answer();
    });
    request('request');
    line.interceptors.response.use(null, () => line({}));
    expect(await line({})).toEqual(answer());
    expect(log).toEqual(['request', 'send', 'request', 'send']);
  });

  test('gives each interceptor a number, and no defaults to whoever attaches', () => {
    const { line } = setUp();
    expect([0, 1].map(() => line.interceptors.request.use((config) => config))).toEqual([0, 1]);
    expect([0, 1].map(() => line.interceptors.response.use(null))).toEqual([0, 1]);
    expect(line.defaults).toEqual({});
  });
});
