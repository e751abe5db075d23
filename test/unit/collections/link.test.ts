import { describe, expect, test } from 'vitest';
import { nextLinkIn } from '../../../src/collections/link.js';
import {
  keyOf,
  nextPage,
  type NextPage,
  type PageRequest,
  type Place,
} from '../../../src/collections/next-page.js';
import { firstNumber, firstParams, withChanges, withoutChanged } from '../../../src/collections/query.js';
import { lastPageBy, pagesAfter } from '../../../src/collections/foresee.js';

describe('nextLinkIn', () => {
  test.each<[unknown, string | undefined]>([
    ['<https://api.procore.com/x?page=2>; rel="next"', 'https://api.procore.com/x?page=2'],
    ['<a>; rel="first", <b>; rel="next", <c>; rel="last"', 'b'],
    ['<a>; rel=first,<b>;rel=next', 'b'],
    ['<a>; title="x; rel=\\"next\\", <y>"; rel="last"', undefined],
    ['<a,b;c>; REL="Next"', 'a,b;c'],
    ['<a>; rel="last next"', 'a'],
    ['<a>; rel="prev"; rel="next"', undefined],
    ['<a>; rel="next"; anchor="/other", <b>; rel="next"', 'b'],
    ['<a>; rel="nextish"', undefined],
    ['<a>', undefined],
    ['', undefined],
    [undefined, undefined],
    [['<a>; rel="prev"', '<b>; rel="next"'], 'b'],
  ])('%j leads to %j', (header, target) => {
    expect(nextLinkIn(header)).toEqual(target === undefined ? { kind: 'none' } : { kind: 'next', target });
  });

  test.each(['page 2', '<a; rel="next"', '<a> rel="next"', '<a>; title*=', '<a>; rel="next" <b>'])(
    '%j cannot be read, or has no next page, and throws nothing',
    (header) => {
      expect(['unreadable', 'none', 'next']).toContain(nextLinkIn(header).kind);
    },
  );
});

describe('nextPage', () => {
  const current: PageRequest = { url: '/list?q=a b', changes: {}, number: 1, isNumbered: true };
  const from = (link: string, here: Partial<Place> = {}): NextPage => {
    const asked = 'https://api.test/list?q=a+b&per_page=2';
    const place = { asked, served: undefined, ...here };
    return nextPage(`<${link}>; rel="next"`, place, { url: current.url, asked: place.asked }, current);
  };
  const page2 = {
    kind: 'page',
    page: { url: current.url, changes: { page: ['2'] }, number: 2, isNumbered: true },
  };

  test('keeps the URL of the caller, and takes the parameters that the link changes', () => {
    expect(from('https://api.test/list?q=a%20b&per_page=2&page=2')).toEqual(page2);
    expect(from('?page=2')).toEqual(page2);
    expect(from('/list?page=2&q=b')).toMatchObject({ page: { changes: { page: ['2'], q: ['b'] } } });
  });

  test('goes to no other host, scheme or port', () => {
    for (const link of [
      'https://evil.test/list?page=2',
      'http://api.test/list?page=2',
      'https://api.test:444/list?page=2',
      '//evil.test/?page=2',
      'javascript:alert(1)',
      'data:,x',
      'http://relative.invalid/list?page=2',
      '\\\\evil.test/list',
      'https://api.test@evil.test/list?page=2',
    ])
      expect([link, from(link).kind]).toEqual([link, 'wrong']);
  });

  test('leaves credentials in a link out', () => {
    expect(from('https://me:secret@api.test/list?page=2')).toEqual(page2);
    expect(from('https://me:secret@api.test/other?page=2')).toMatchObject({
      page: { url: 'https://api.test/other' },
    });
  });

  test('on a relative URL whose host nobody tells, the path stays on the host of the instance', () => {
    const here = { asked: '/list?per_page=2' };
    expect(from('https://anywhere.test/list?page=2', here)).toEqual(page2);
    expect(from('https://anywhere.test/other?page=2', here)).toMatchObject({ page: { url: '/other' } });
    expect(from('https://anywhere.test/list?page=2', { ...here, served: 'https://api.test/list' }).kind).toBe(
      'wrong',
    );
  });

  test('counts on where a link has no number', () => {
    expect(from('?cursor=x')).toMatchObject({ page: { number: 2, isNumbered: false } });
    expect(from('?page=x')).toMatchObject({ page: { number: 2, isNumbered: false } });
  });

  test('a URL that cannot be read is no page', () => {
    expect(from('https://[x')).toMatchObject({
      kind: 'wrong',
      why: expect.stringContaining('cannot be read'),
    });
  });

  test('a page has one key, whatever the order of its parameters', () => {
    const one = { ...current, changes: { a: ['1'], b: ['2'] } };
    expect(keyOf(one)).toBe(keyOf({ ...current, changes: { b: ['2'], a: ['1'] } }));
    expect(keyOf(one)).not.toBe(keyOf({ ...one, url: '/other' }));
  });
});

describe('parameters', () => {
  test('per_page is 100 unless the call, its URL or the defaults have one', () => {
    expect(firstParams('/list', undefined, undefined)).toEqual({ per_page: 100 });
    expect(firstParams('/list', { q: 1 }, { r: 2 })).toEqual({ q: 1, per_page: 100 });
    expect(firstParams('/list?per_page=3', { q: 1 }, undefined)).toEqual({ q: 1 });
    expect(firstParams('/list', { per_page: undefined }, undefined)).toEqual({ per_page: undefined });
    expect(firstParams('/list', { q: 1 }, { per_page: 5 })).toEqual({ q: 1 });
  });

  test('what a link changes replaces what the caller has given, in a copy', () => {
    const given = { page: 1, filters: { a: 1 } };
    const changes = { page: ['2'], 'ids[]': ['1', '2'], tags: ['x', 'y'], code: ['007'] };
    expect(withChanges(given, changes)).toEqual({
      page: 2,
      filters: { a: 1 },
      ids: ['1', '2'],
      tags: ['x', 'y'],
      code: '007',
    });
    expect(given).toEqual({ page: 1, filters: { a: 1 } });
    const search = new URLSearchParams('page=1&q=x');
    expect(String(withChanges(search, changes))).toBe(
      'q=x&page=2&ids%5B%5D=1&ids%5B%5D=2&tags=x&tags=y&code=007',
    );
    expect(String(search)).toBe('page=1&q=x');
  });

  test('nor does the URL of the caller keep what a link changes', () => {
    const changes = { page: ['2'], 'a[b]': ['x'] };
    expect(withoutChanged('/list?page=1&q=a+b&a%5Bb%5D=1#top', changes)).toBe('/list?q=a+b');
    expect(withoutChanged('/list?page=1', changes)).toBe('/list');
    expect(withoutChanged('/list?constructor=1', changes)).toBe('/list?constructor=1');
  });

  test('the first page has the number that the call or its URL gives it', () => {
    expect(firstNumber('/list', undefined)).toBe(1);
    expect(firstNumber('/list', { page: '3' })).toBe(3);
    expect(firstNumber('/list?page=4', { per_page: 1 })).toBe(4);
    expect(firstNumber('/list', new URLSearchParams('page=5'))).toBe(5);
    expect(firstNumber('/list', { page: 'x' })).toBe(1);
  });
});

test('what is foreseen of a list', () => {
  expect(lastPageBy({ Total: '11', 'Per-Page': '5' })).toBe(3);
  for (const headers of [
    {},
    undefined,
    { total: '5' },
    { total: '5', 'per-page': '0' },
    { total: '-5', 'per-page': '5' },
  ])
    expect(lastPageBy(headers)).toBeUndefined();
  const page: PageRequest = { url: '/list', changes: { page: ['2'], q: ['x'] }, number: 2, isNumbered: true };
  expect(pagesAfter(page, 2, 10).map(({ changes }) => changes)).toEqual([
    { page: ['3'], q: ['x'] },
    { page: ['4'], q: ['x'] },
  ]);
  expect(pagesAfter(page, 9, 3)).toHaveLength(1);
  expect([
    pagesAfter(page, 9, 2),
    pagesAfter(page, 9, undefined),
    pagesAfter({ ...page, isNumbered: false }, 9, 9),
  ]).toEqual([[], [], []]);
});
