import type { AxiosRequestConfig } from 'axios';
import FormDataPackage from 'form-data';
import { expect, test } from 'vitest';
import { legacyTokenRequest } from '../../../src/legacy/token-request.js';

const url = 'https://login.procore.com/oauth/token';
const fields = { grant_type: 'refresh_token', refresh_token: 'r', client_id: 'c' };
const understood = { grant: 'refresh_token', refreshToken: 'r', clientId: 'c' };
const form = new URLSearchParams(fields);
const formData = new FormData();
/** As older code makes it in Node; axios's `postForm` does too. */
const packaged = new FormDataPackage();
for (const [name, value] of Object.entries(fields)) {
  formData.set(name, value);
  packaged.append(name, value);
}

test.each([
  ['a form object', { data: form }],
  ['a form text', { data: form.toString() }],
  ['a form of a browser', { data: formData }],
  ['a form of the package form-data', { data: packaged }],
  ['bytes of such a form', { data: packaged.getBuffer() }],
  ['bytes of a form', { data: Buffer.from(form.toString()) }],
  ['an object', { data: fields }],
  ['a JSON text', { data: JSON.stringify(fields) }],
  ['bytes of JSON', { data: Buffer.from(JSON.stringify(fields)) }],
  ['parameters', { params: fields }],
  ['parameters of their own kind', { params: form }],
  ['both', { data: { grant_type: 'refresh_token', client_id: 'c' }, params: { refresh_token: 'r' } }],
])('fields are found in %s', (_where, config) => {
  expect(legacyTokenRequest({ method: 'post', ...config }, url)).toEqual(understood);
});

test('reads the fields in the URL, whatever the case of the method', () => {
  expect(legacyTokenRequest({ method: 'POST' }, `${url}?${form.toString()}`)).toEqual(understood);
  expect(legacyTokenRequest({ method: 'post', data: form }, `${url}/`)).toEqual(understood);
});

test.each(['authorization_code', 'client_credentials'])('the grant %s needs no refresh token', (grant) => {
  expect(legacyTokenRequest({ method: 'post', data: { grant_type: grant } }, url)).toEqual({
    grant,
    clientId: undefined,
  });
});

const basic = (user: string) => `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`;

test.each<[string, AxiosRequestConfig]>([
  ['in axios’s own option', { auth: { username: 'c', password: 'secret' } }],
  ['in a header', { headers: { authorization: basic('c') } }],
])('the client is found where it authenticates by HTTP Basic, %s', (_where, config) => {
  const { client_id: _client, ...data } = fields;
  expect(legacyTokenRequest({ method: 'post', data, ...config }, url)).toEqual(understood);
});

test('a header that is not of that kind names no client', () => {
  const data = { grant_type: 'client_credentials' };
  for (const authorization of ['Bearer abc', 'Basic', 'Basic ***', basic(''), 5])
    expect(legacyTokenRequest({ method: 'post', data, headers: { authorization } }, url)).toMatchObject({
      clientId: undefined,
    });
});

const otherwise: [what: string, config: AxiosRequestConfig, where: string][] = [
  ['another method', { method: 'get', params: fields }, url],
  ['another path', { method: 'post', data: form }, 'https://login.procore.com/oauth/revoke'],
  ['a path that only begins so', { method: 'post', data: form }, `${url}/info`],
  ['another grant', { method: 'post', data: { grant_type: 'password' } }, url],
  ['a refresh without a token', { method: 'post', data: { grant_type: 'refresh_token' } }, url],
  ['an empty token', { method: 'post', data: { grant_type: 'refresh_token', refresh_token: '' } }, url],
  ['a token that is no text', { method: 'post', data: { ...fields, refresh_token: 5 } }, url],
  ['no fields', { method: 'post' }, url],
];
const bodies = [null, 5, true, [], 'null', '[]', '5', '%%%', '{"grant_type":'].map(
  (data): (typeof otherwise)[number] => [`a body of ${JSON.stringify(data)}`, { method: 'post', data }, url],
);

test.each([...otherwise, ...bodies])('%s is no such request', (_what, config, where) => {
  expect(legacyTokenRequest(config, where)).toBeUndefined();
});
