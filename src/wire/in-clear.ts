/** The part of the options that axios gives to Node's `http.request` that is read here. */
export interface Requested {
  readonly path?: unknown;
}

/**
 * Whether a proxy can read this request for an https URL. If the request's target is the whole URL (RFC 9112, section 3.2.2,
 * absolute-form), axios asks the proxy to make the request itself, and the proxy reads it. Through a tunnel (CONNECT), and without a proxy,
 * the target is the path.
 */
export function isReadByProxy({ path }: Requested): boolean {
  return typeof path === 'string' && /^https:/i.test(path);
}

/** How to make axios use a tunnel; part of a sentence. */
export const tunnelAdvice =
  'give axios an `httpsAgent` that makes a tunnel (of the package https-proxy-agent) together with `proxy: false`, or use axios 1.16.1 or newer';

/** Why a request with the client's secret is not sent; part of a sentence. */
export const readByProxyText: string = `nothing was sent, because this axios makes no tunnel through the proxy (HTTPS_PROXY, or the option "proxy"), which would read the client secret and the tokens; ${tunnelAdvice.replaceAll('`', '')}`;
