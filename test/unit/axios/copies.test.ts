import { createRequire } from 'node:module';
import axios, { type AxiosStatic } from 'axios';
import { describe, expect, test } from 'vitest';
import { endBy, isCancel } from '../../../src/axios/versions.js';
import { createAxiosCopies, ownCopy } from '../../../src/axios/copies.js';
import { createBehind } from '../../../src/axios/unseen.js';
import { isProcoreError, TokenStoreError, WrongEnvironmentError } from '../../../src/failure/errors.js';
import { raisedIn } from '../../../src/failure/raised.js';

const require = createRequire(import.meta.url);
const load = (name: string) => require(name) as AxiosStatic & { AxiosError?: typeof Error };
const others = [
  ...[
    'axios-0.21',
    'axios-0.27',
    'axios-0.30',
    'axios-0.35',
    'axios-1.0',
    'axios-1.2',
    'axios-1.6',
    'axios-1.7',
  ],
  ...['axios-1.8', 'axios-1.13.2', 'axios-1.13.3', 'axios'],
];
/** A probe of an instance's classes ends by then. */
const probed = () => new Promise((resolve) => setImmediate(resolve));

test('an instance of the axios that the plugin imports is of that copy; of the other build of the same version it is not', () => {
  const { of } = createAxiosCopies();
  expect(of(axios)).toBe(ownCopy);
  expect(of(axios.create())).toBe(ownCopy);
  expect(of(load('axios').create())).not.toBe(ownCopy);
});

describe.each(others)('an instance of %s whose exports are not known', (name) => {
  const other = load(name);
  const { VERSION, AxiosError, CanceledError, Cancel } = other as unknown as Record<string, never> & {
    VERSION?: string;
  };

  test('has the facts that the exports of the copy tell', async () => {
    const told = createAxiosCopies().of(other.create({ headers: { 'X-Key': 'k' } }));
    const seen = createAxiosCopies().of(other);
    await probed();
    for (const fact of ['knowsSignal', 'tellsRedirects', 'losesQueries', 'AxiosError'] as const)
      expect([fact, told[fact]]).toEqual([fact, seen[fact]]);
    // 0.21 makes no further instance that could be asked.
    expect(told.Canceled).toBe(VERSION === undefined ? undefined : (CanceledError ?? Cancel));
    expect(told.version).toBe(VERSION === '1.0.0' ? VERSION : undefined);
  });

  test('leaves the instance as it was, and nothing attached to what it has been asked by', () => {
    const instance = other.create({ headers: { 'X-Key': 'k' } });
    const before = JSON.stringify(instance.defaults);
    createAxiosCopies().of(instance);
    expect(JSON.stringify(instance.defaults)).toBe(before);
    const { handlers } = instance.interceptors.request as unknown as { handlers: unknown[] };
    expect(handlers).toEqual([]);
  });

  test('an error of the plugin is one of its AxiosError, and of the plugin’s own class', async () => {
    const copy = createAxiosCopies().of(other.create());
    await probed();
    const error = raisedIn(copy, new TokenStoreError('the store could not be read.', { account: 'a' }));
    if (AxiosError) expect(error).toBeInstanceOf(AxiosError);
    expect(error).toBeInstanceOf(TokenStoreError);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(WrongEnvironmentError);
    expect(isProcoreError(error)).toBe(true);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: error.code, account: 'a' });
    expect(raisedIn(copy, error)).toBe(error);
  });

  test('a cancellation of it is one for the plugin', () => {
    const Canceled = (CanceledError ?? Cancel) as unknown as new (message: string) => unknown;
    expect(isCancel(new Canceled('enough'))).toBe(true);
  });
});

test('a call of axios 0.21 that its CancelToken ends is rejected with the class of that token, which no instance tells', () => {
  const other = load('axios-0.21') as AxiosStatic & { Cancel: new () => object };
  const copy = createAxiosCopies().of(other.create());
  const { token, cancel } = other.CancelToken.source();
  const controller = new AbortController();
  const config = endBy(copy, controller.signal, { cancelToken: token });
  cancel('enough');
  controller.abort();
  expect(config.cancelToken).not.toBe(token);
  expect(config.cancelToken!.reason).toBeInstanceOf(other.Cancel);
  expect(config.cancelToken!.reason).toMatchObject({ message: 'enough' });
});

test('a CancelToken that only looks like one does no harm', () => {
  const copy = createAxiosCopies().of(load('axios-0.21').create());
  const { signal } = new AbortController();
  for (const cancelToken of [
    { promise: new Promise(() => undefined), throwIfRequested: () => undefined },
    Object.assign(Object.create(null) as object, { promise: Promise.resolve() }),
  ]) {
    const config = endBy(copy, signal, { cancelToken: cancelToken as never });
    expect(config.cancelToken).toBeInstanceOf(axios.CancelToken);
  }
});

test('one failure that instances of two copies wait for is an error of either, each of its own', async () => {
  const [one, two] = ['axios-0.27', 'axios-1.7'].map((name) => load(name));
  const copies = createAxiosCopies();
  const failure = new TokenStoreError('the store could not be read.');
  const first = raisedIn(copies.of(one!), failure);
  const second = raisedIn(copies.of(two!), failure);
  expect(first).toBe(failure);
  expect([first instanceof one!.AxiosError, first instanceof two!.AxiosError]).toEqual([true, false]);
  expect([second instanceof one!.AxiosError, second instanceof two!.AxiosError]).toEqual([false, true]);
  expect([first, second].every((error) => error instanceof TokenStoreError)).toBe(true);
});

test('a `create` that somebody of this package has wrapped is asked behind the wrapper', () => {
  const instance = load('axios-1.2').create() as AxiosStatic;
  const { create } = instance;
  const wrapped = Object.assign(
    () => {
      throw new Error('asked');
    },
    { [createBehind]: create },
  );
  instance.create = wrapped as never;
  expect(createAxiosCopies().of(instance)).not.toBe(ownCopy);
});

test('what only looks like an instance, in a test perhaps, is taken for one of the plugin’s own axios', () => {
  const { of } = createAxiosCopies();
  const fake = { defaults: {}, interceptors: { request: { use: () => 0, eject: () => undefined } } };
  expect(of(fake)).toBe(ownCopy);
});
