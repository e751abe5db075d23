/** What a token may travel to, in words. */
export const secureOriginTakes: string =
  'an origin such as https://api.procore.com, without path, query or credentials (http on loopback only)';

/** Tokens travel over https; plain http is for a server on this very machine. */
export function isSecureOrigin(url: URL): boolean {
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
  return secure && !url.username && !url.password && !url.search && !url.hash && url.pathname === '/';
}
