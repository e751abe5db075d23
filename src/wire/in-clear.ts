/** What axios asks Node's http client for, as far as it is looked at. */
export interface Requested {
  readonly path?: unknown;
}

/**
 * Whether a request for an https URL is made such that a proxy reads it. There axios names the whole URL instead of the path (RFC 9112,
 * section 3.2.2): it asks the proxy to make the request in its place. Through a tunnel (CONNECT), and without a proxy, it names the path.
 */
export function isReadByProxy({ path }: Requested): boolean {
  return typeof path === 'string' && /^https:/i.test(path);
}

/** What to do about it; part of a sentence. */
export const tunnelAdvice =
  'give axios an `httpsAgent` that makes a tunnel (of the package https-proxy-agent) together with `proxy: false`, or use axios 1.16.1 or newer';

/** Why a request with the client's secret is not sent; part of a sentence. */
export const readByProxyText: string = `nothing was sent, because this axios makes no tunnel through the proxy (HTTPS_PROXY, or the option "proxy"), which would read the client secret and the tokens; ${tunnelAdvice.replaceAll('`', '')}`;
