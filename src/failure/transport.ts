/** What can be told from an error that carries no answer. */
export type TransportFailure = 'not-sent' | 'lost';

const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
  'ENETDOWN',
]);
/** TLS set-up: the handshake failed, so no request was written. */
const tlsSetup =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|EPROTO$|HOSTNAME_MISMATCH$|ERR_INVALID_PROTOCOL$)/;

/** `not-sent` only when it is certain that no request left this machine; everything else may have arrived. */
export function transportFailureOf(error: unknown): TransportFailure {
  for (const link of chain(error)) {
    const { code, syscall } = link as { code?: unknown; syscall?: unknown };
    if (typeof code !== 'string') continue;
    // The connection stood: the same codes now tell nothing about what has been sent.
    if (syscall === 'read' || syscall === 'write') return 'lost';
    if (neverConnected.has(code) || tlsSetup.test(code)) return 'not-sent';
    // A time-out of connect() itself, not of the answer.
    if (code === 'ETIMEDOUT' && syscall === 'connect') return 'not-sent';
  }
  return 'lost';
}

/** The error and what it was made from: axios wraps the socket's error from 1.x on, fetch hides it in `cause`. */
function chain(error: unknown): object[] {
  const links: object[] = [];
  for (let link = error; typeof link === 'object' && link !== null && links.length < 5;) {
    links.push(link);
    link = (link as { cause?: unknown }).cause;
  }
  return links;
}
