/** The origins that a token may be sent to, in words. */
export const secureOriginTakes: string =
  'an origin such as https://api.procore.com, without path, query or credentials (http on loopback only)';

const procoreHost = /(^|\.)procore(gov)?\.com\.?$/;

/**
 * Whether a token may be sent to this origin: over https, or over http to a server on this machine. With `allowHttp` over http to any server
 * but those of Procore, which have https.
 */
export function isSecureOrigin(url: URL, allowHttp = false): boolean {
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  const mayBeHttp = loopback || (allowHttp && !procoreHost.test(url.hostname));
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && mayBeHttp);
  return secure && !url.username && !url.password && !url.search && !url.hash && url.pathname === '/';
}
