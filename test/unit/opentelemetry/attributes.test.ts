import { expect, test } from 'vitest';
import {
  callAttributes,
  outcomeAttributes,
  serverAttributes,
} from '../../../src/opentelemetry/attributes.js';

test.each([
  ['api.procore.com', 'api.procore.com', 443],
  ['127.0.0.1:8080', '127.0.0.1', 8080],
  ['[::1]:8080', '[::1]', 8080],
  ['[::1]', '[::1]', 443],
])('the host %s is the address %s and the port %d', (host, address, port) => {
  expect(serverAttributes({ host })).toEqual({ 'server.address': address, 'server.port': port });
});

test.each([
  ['an answer', { status: 200 }, { 'http.response.status_code': 200 }],
  ['a redirect', { status: 304 }, { 'http.response.status_code': 304 }],
  [
    'a failure of a known kind',
    { status: 404, kind: 'not-found', code: 'ERR_BAD_REQUEST' } as const,
    { 'http.response.status_code': 404, 'error.type': 'not-found' },
  ],
  ['a failure without a kind', { status: 418 }, { 'http.response.status_code': 418, 'error.type': '418' }],
  [
    'an error after an answer',
    { status: 200, code: 'ERR_BAD_RESPONSE' },
    { 'http.response.status_code': 200, 'error.type': 'ERR_BAD_RESPONSE' },
  ],
  ['no answer', { code: 'ECONNRESET' }, { 'error.type': 'ECONNRESET' }],
  ['no answer for no known reason', {}, { 'error.type': '_OTHER' }],
])('%s has status and error', (_what, outcome, attributes) => {
  expect(outcomeAttributes(outcome)).toEqual(attributes);
});

test('neither path nor id is an attribute, the account only where it is asked for, and an unknown method is one of many', () => {
  const call = {
    callId: 'c-1',
    method: 'PROPFIND',
    host: 'api.procore.com',
    path: '/rest/v1.0/me',
    account: 'u-1',
    requestId: 'r',
  };
  const server = { 'server.address': 'api.procore.com', 'server.port': 443 };
  expect(callAttributes(call, false)).toEqual({ 'http.request.method': '_OTHER', ...server });
  expect(callAttributes({ ...call, method: 'PATCH' }, true)).toEqual({
    'http.request.method': 'PATCH',
    ...server,
    'procore.account': 'u-1',
  });
});
