import FormDataOfNpm from 'form-data';
import { describe, expect, test } from 'vitest';
import type { AxiosRequestConfig } from 'axios';
import { companyFromRequest } from '../../../src/index.js';
import { firstCompanyIn, isCompanyId, otherCompanyIn } from '../../../src/wire/company.js';

const big = '9007199254740993';
const formWith = (value: string | Blob) => {
  const made = new FormData();
  made.append('company_id', value);
  return made;
};
const urlEncoded = { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' };
class Params {
  get company_id() {
    return 5;
  }
}

describe('the company of a call', () => {
  test.each<[where: string, config: AxiosRequestConfig, id: string]>([
    ['the path', { url: '/rest/v1.0/companies/5/projects' }, '5'],
    ['the end of the path', { url: '/rest/v1.0/companies/5' }, '5'],
    ['the path before a query', { url: '/rest/v1.0/companies/5?view=normal' }, '5'],
    ['the path of version 2', { url: `/rest/v2.0/companies/${big}/projects/7/x` }, big],
    ['the oldest path', { url: '/vapid/companies/5/users' }, '5'],
    ['a path without slash', { url: 'rest/v1.0/companies/5/x', baseURL: 'https://api.procore.com/' }, '5'],
    ['the path of an absolute URL', { url: 'https://api.procore.com/rest/v1.0/companies/5/x' }, '5'],
    [
      'the path of a URL object',
      { url: new URL('https://api.procore.com/rest/v1.0/companies/5/x') as never },
      '5',
    ],
    [
      'the path of the base URL',
      { url: '/projects', baseURL: 'https://api.procore.com/rest/v1.0/companies/5' },
      '5',
    ],
    ['an escaped path', { url: '/rest/v1.0/%63ompanies/%35%36/x' }, '56'],
    ['a path with dot segments', { url: '/rest/v1.0/companies/6/../5/x' }, '5'],
    ['the first of two', { url: '/rest/v1.0/companies/5/companies/6' }, '5'],
    ['the query', { url: '/rest/v1.0/projects?page=2&company_id=5#x' }, '5'],
    ['an escaped query', { url: '/rest/v1.0/projects?company%5Fid=%35' }, '5'],
    ['params', { url: '/x', params: { company_id: 5 } }, '5'],
    ['params with a text', { url: '/x', params: { company_id: big } }, big],
    ['params with a bigint', { url: '/x', params: { company_id: BigInt(big) } }, big],
    ['params of a class', { url: '/x', params: new Params() }, '5'],
    ['URLSearchParams', { url: '/x', params: new URLSearchParams({ company_id: big }) }, big],
    ['JSON', { url: '/x', data: `{"company_id":${big},"project":{}}` }, big],
    ['an object', { url: '/x', data: { company_id: BigInt(big) } }, big],
    ['a form', { url: '/x', data: formWith('5') }, '5'],
    ['a form in the URL encoding', { url: '/x', data: new URLSearchParams('company_id=5') }, '5'],
    ['such a form as text', { url: '/x', data: 'name=a&company_id=5', headers: urlEncoded }, '5'],
    ['JSON in a Buffer', { url: '/x', data: Buffer.from(`{"name":"Š","company_id":${big}}`) }, big],
    [
      'JSON in a part of a Buffer',
      { url: '/x', data: Buffer.from('[{"company_id":5}]').subarray(1, 17) },
      '5',
    ],
    ['JSON in bytes', { url: '/x', data: new TextEncoder().encode('{"company_id":5}') }, '5'],
    ['JSON in an ArrayBuffer', { url: '/x', data: new TextEncoder().encode('{"company_id":5}').buffer }, '5'],
    ['such a form in bytes', { url: '/x', data: Buffer.from('a=Š&company_id=5'), headers: urlEncoded }, '5'],
  ])('is found in %s', (_where, config, id) => {
    expect(companyFromRequest(config)).toBe(id);
  });

  test.each<[what: string, config: AxiosRequestConfig]>([
    ['nothing', {}],
    ['a URL without it', { url: '/rest/v1.0/me', baseURL: 'https://api.procore.com' }],
    ['the list of companies', { url: '/rest/v1.0/companies' }],
    ['a name in the path', { url: '/rest/v1.0/companies/acme/x' }],
    ['digits and more', { url: '/rest/v1.0/companies/5a/x' }],
    ['another segment', { url: '/rest/v1.0/subcompanies/5/x' }],
    ['an escaped slash', { url: '/rest/v1.0/companies%2F5/x' }],
    ['a broken escape', { url: '/rest/v1.0/companies/%zz/x' }],
    ['a path in a query', { url: '/rest/v1.0/me?next=/companies/5/' }],
    ['another parameter', { url: '/x?my_company_id=5&filters[company_id]=5' }],
    ['an empty parameter', { url: '/x?company_id=', params: { company_id: '' } }],
    ['a number that has lost digits', { url: '/x', params: { company_id: 2 ** 53 } }],
    ['several', { url: '/x', params: { company_id: ['5', '6'] } }],
    ['a fraction', { url: '/x', data: { company_id: 1.5 } }],
    ['an object within', { url: '/x', data: { project: { company_id: 5 } } }],
    [
      'a text that is no form',
      { url: '/x', data: 'company_id=5', headers: { 'Content-Type': 'text/plain' } },
    ],
    ['a file in a form', { url: '/x', data: formWith(new Blob(['5'])) }],
    ['null', { url: '/x', params: null, data: null }],
  ])('is in none of: %s', (_what, config) => {
    expect(companyFromRequest(config)).toBeUndefined();
  });

  test('is not found in bytes of any other kind, in empty ones, and in those that another thread has', () => {
    const handedOver = new Uint8Array(8);
    structuredClone(handedOver, { transfer: [handedOver.buffer] });
    for (const data of [
      Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.from('{"company_id":5}')]),
      Buffer.from('company_id=5'),
      Buffer.alloc(0),
      new Float64Array(2),
      new ArrayBuffer(0),
      handedOver,
      handedOver.buffer,
    ])
      expect(companyFromRequest({ url: '/x', data })).toBeUndefined();
  });

  test('cannot be read of the package form-data, and comes from no polluted prototype', () => {
    const unreadable = new FormDataOfNpm();
    unreadable.append('company_id', '5');
    expect(companyFromRequest({ url: '/x', data: unreadable })).toBeUndefined();
    Object.defineProperty(Object.prototype, 'company_id', { value: '6', configurable: true });
    try {
      expect(companyFromRequest({ url: '/x', params: {}, data: {} })).toBeUndefined();
    } finally {
      delete (Object.prototype as { company_id?: unknown }).company_id;
    }
  });

  test('is sought in the path, the query, params and the body, in this order', () => {
    const config = { url: '/x?company_id=2', params: { company_id: 3 }, data: '{"company_id":4}' };
    const path = '/companies/1/x';
    expect(firstCompanyIn(config, path)).toEqual({ place: 'path', id: '1' });
    expect(firstCompanyIn(config, '/x')).toEqual({ place: 'query', id: '2' });
    expect(firstCompanyIn({ ...config, url: '/x' }, '/x')).toEqual({ place: 'params', id: '3' });
    expect(firstCompanyIn({ data: config.data }, '/x')).toEqual({ place: 'body', id: '4' });
    expect(otherCompanyIn(config, path, '1')).toEqual({ place: 'query', id: '2' });
    expect(otherCompanyIn({ ...config, url: '/x?company_id=1' }, path, '1')).toEqual({
      place: 'params',
      id: '3',
    });
    expect(otherCompanyIn({}, path, '1')).toBeUndefined();
  });
});

test.each<[where: string, config: AxiosRequestConfig]>([
  ['query', { url: '/x?company_id=5&company_id=6' }],
  ['params', { url: '/x', params: new URLSearchParams('company_id=5&company_id=6') }],
  ['body', { url: '/x', data: new URLSearchParams('company_id=5&a=1&company_id=6') }],
  ['body', { url: '/x', data: 'company_id=5&company_id=6', headers: urlEncoded }],
])('the second of two ids in the %s is another company', (place, config) => {
  expect(firstCompanyIn(config, '/x')).toEqual({ place, id: '5' });
  expect(otherCompanyIn(config, '/x', '5')).toEqual({ place, id: '6' });
  expect(otherCompanyIn(config, '/x', '6')).toEqual({ place, id: '5' });
});

test.each([
  ['a form', (filler: string) => `note=${filler}&company_id=562949953421401`],
  ['a form that goes on', (filler: string) => `note=${filler}&company_id=562949953421401&a=1`],
  ['JSON', (filler: string) => `{"note":"${filler}","company_id":562949953421401}`],
])('an id of %s that the end of what is read cuts in two is none', (_what, bodyWith) => {
  const bodies = Array.from({ length: 80 }, (_, more) => bodyWith('x'.repeat(65_470 + more)));
  for (const as of [String, Buffer.from])
    expect(
      new Set(bodies.map((body) => companyFromRequest({ url: '/x', data: as(body), headers: urlEncoded }))),
    ).toEqual(new Set(['562949953421401', undefined]));
});

test.each([1, '562949953421401', '1'.repeat(20), 1n, BigInt(big), 10n ** 20n - 1n])(
  '%o is a company id',
  (value) => {
    expect(isCompanyId(value)).toBe(true);
  },
);

test.each([
  0,
  -1,
  1.5,
  2 ** 53,
  NaN,
  0n,
  -1n,
  10n ** 20n,
  '',
  'ACME',
  ' 1',
  '1'.repeat(21),
  null,
  true,
  [5],
  {},
])('%o is none', (value) => {
  expect(isCompanyId(value)).toBe(false);
});
