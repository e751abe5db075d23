import axios from 'axios';
import { expect, test } from 'vitest';
import { createAdapters } from '../../../src/axios/adapter.js';
import { ownCopy } from '../../../src/axios/copies.js';

const mock = () => Promise.reject(new Error('not to be called'));

/** The look-up, and how often the copy was asked. */
function counted() {
  let asked = 0;
  const copy = Object.create(ownCopy, {
    adapterOf: {
      value(...call: Parameters<typeof ownCopy.adapterOf>) {
        asked++;
        return ownCopy.adapterOf(...call);
      },
    },
  }) as typeof ownCopy;
  return { of: createAdapters(copy), asked: () => asked };
}

test('a list of names is resolved once, whatever array it is in', () => {
  const { of, asked } = counted();
  const first = of(['xhr', 'http', 'fetch'], {});
  expect(of(['xhr', 'http', 'fetch'], {})).toBe(first);
  expect(first).toMatchObject({ isOwn: true, hidesRedirects: false });
  expect(asked()).toBe(1);
});

test('another choice is another adapter, and so is the first one again', () => {
  const { of } = counted();
  const named = of('http', {});
  expect(of(mock, {})).toMatchObject({ adapter: mock, isOwn: false });
  expect(of('http', {}).adapter).toBe(named.adapter);
  expect(of(['http', mock], {}).isOwn).toBe(false);
});

test('the default is looked up each time: it may be changed', () => {
  const { of } = counted();
  const before = axios.defaults.adapter;
  try {
    axios.defaults.adapter = mock;
    expect(of(undefined, {}).adapter).toBe(mock);
    axios.defaults.adapter = before as never;
    expect(of(undefined, {}).adapter).not.toBe(mock);
  } finally {
    axios.defaults.adapter = before as never;
  }
});

test('fetch is looked up each time: which one it is depends on the env of the call', () => {
  const { of, asked } = counted();
  of('fetch', {});
  of('fetch', {});
  expect(asked()).toBe(2);
});

test('a call that brings a fetch of its own is not given the adapter that was made for another', () => {
  const { of, asked } = counted();
  const names = ['xhr', 'http', 'fetch'];
  const env = { fetch: mock };
  for (const config of [{ env }, {}, { env }, {}]) of(names, config as never);
  expect(asked()).toBe(3);
});

test('an env that is no object is none', () => {
  const { of } = counted();
  for (const env of [null, undefined, 'text'])
    expect(of('http', { env } as never)).toMatchObject({ isOwn: true });
});

test('a list that is changed after the call is another choice', () => {
  const { of } = counted();
  const names: unknown[] = ['http'];
  of(names, {});
  names[0] = mock;
  expect(of(names, {}).adapter).toBe(mock);
});
