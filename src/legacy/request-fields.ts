import type { AxiosRequestConfig } from 'axios';
import { headerOf } from '../wire/headers.js';

/** The parameters of a request that the application posts to `/oauth/token` or `/oauth/revoke`. */
export interface RequestFields {
  /** A parameter from the query string, `params` or the body (form, multipart form or JSON); undefined where it is missing or empty. */
  field(name: string): string | undefined;
  /** The client id, from the parameter `client_id` or from HTTP Basic authentication. */
  readonly clientId: string | undefined;
}

/** The parameters of a `POST` to `/oauth/{endpoint}`; undefined for any other request. */
export function fieldsOfRequest(
  config: AxiosRequestConfig,
  url: string,
  endpoint: 'token' | 'revoke',
): RequestFields | undefined {
  const { pathname, searchParams } = new URL(url);
  if (pathname.replace(/\/$/, '') !== `/oauth/${endpoint}` || config.method?.toLowerCase() !== 'post')
    return undefined;
  const places = [searchParams, fieldsOf(config.params), fieldsOf(config.data)];
  const field = (name: string) => places.map((place) => place?.get(name)).find(Boolean) ?? undefined;
  return { field, clientId: field('client_id') ?? basicClient(config) };
}

/** The client id of HTTP Basic authentication, which is form-encoded first (RFC 6749, section 2.3.1). */
function basicClient({ auth, headers }: AxiosRequestConfig): string | undefined {
  const header = headerOf(headers, 'authorization');
  const encoded = typeof header === 'string' ? /^basic\s+(\S+)/i.exec(header)?.[1] : undefined;
  const name = auth?.username ?? (encoded && Buffer.from(encoded, 'base64').toString().split(':', 1)[0]);
  return name ? [...new URLSearchParams(`name=${name}`).values()][0] : undefined;
}

function fieldsOf(data: unknown): URLSearchParams | undefined {
  if (data instanceof URLSearchParams) return data;
  if (data instanceof Uint8Array) return fieldsOf(new TextDecoder().decode(data));
  if (typeof data === 'string') {
    try {
      return fieldsOf(JSON.parse(data));
    } catch {
      return data.startsWith('--') ? multipartOf(data) : new URLSearchParams(data);
    }
  }
  if (typeof data !== 'object' || data === null) return undefined;
  const { getBuffer } = data as { getBuffer?: unknown };
  if (typeof getBuffer === 'function') return fieldsOf(bytesOf(data as { getBuffer(): unknown }));
  // Objects with `entries` are the `FormData` of browsers and Node; `instanceof` would miss those of another realm.
  const entries =
    typeof (data as FormData).entries === 'function'
      ? [...(data as FormData).entries()]
      : Object.entries(data);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new URLSearchParams(texts);
}

/** The bytes of a form of the package form-data; undefined where a part of it is a stream, for which `getBuffer` throws. */
function bytesOf(form: { getBuffer(): unknown }): unknown {
  try {
    return form.getBuffer();
  } catch {
    return undefined;
  }
}

/** The text fields of a `multipart/form-data` body (RFC 7578). Its boundary is read from its first line. */
function multipartOf(body: string): URLSearchParams {
  const boundary = body.slice(0, body.indexOf('\r\n'));
  const fields = new URLSearchParams();
  for (const part of body.split(boundary)) {
    const [head = '', ...rest] = part.split('\r\n\r\n');
    const name = /;\s*name="([^"]*)"/i.exec(head)?.[1];
    if (name !== undefined) fields.append(name, rest.join('\r\n\r\n').replace(/\r\n$/, ''));
  }
  return fields;
}
