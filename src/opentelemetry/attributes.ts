import type { Attributes } from '@opentelemetry/api';
import type { ProcoreEvents } from '../observe/events.js';

/** What of an event may be an attribute. The conventions are those of OpenTelemetry for HTTP clients; what they do not have is `procore.…`. */
type CallDetail = Pick<ProcoreEvents['request-settled'], 'method' | 'host'> & { account?: string };
type Outcome = Partial<Pick<ProcoreEvents['request-settled'], 'status' | 'kind' | 'code'>>;

/** The methods that are told apart, so that a metric has no value for each method that somebody invents. */
const knownMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'QUERY',
]);

/** The account as an attribute, where that is asked for. */
export function accountAttributes({ account }: { account?: string }, perAccount: boolean): Attributes {
  return perAccount && account !== undefined ? { 'procore.account': account } : {};
}

/** Method and server of a call. Neither path nor id is among them, because each would be a series of its own. */
export function callAttributes(detail: CallDetail, perAccount: boolean): Attributes {
  return {
    'http.request.method': knownMethods.has(detail.method) ? detail.method : '_OTHER',
    ...serverAttributes(detail),
    ...accountAttributes(detail, perAccount),
  };
}

/** Name and port of the server. A host without a port is one of https, where the usual port is 443. */
export function serverAttributes({ host }: { host: string }): Attributes {
  const [, address = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return { 'server.address': address, 'server.port': port === undefined ? 443 : Number(port) };
}

/** Status and error of a call. `error.type` is there where the call has failed, and is then the first that is known of kind, code and status. */
export function outcomeAttributes({ status, kind, code }: Outcome): Attributes {
  const failedStatus = status === undefined || status >= 400 ? String(status ?? '_OTHER') : undefined;
  const error = kind ?? code ?? failedStatus;
  return {
    ...(status === undefined ? {} : { 'http.response.status_code': status }),
    ...(error === undefined ? {} : { 'error.type': error }),
  };
}
