/** What can be told from an error that carries no answer. */
export type TransportFailure = 'not-sent' | 'lost';

/** Of these a connection that stands knows nothing. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** What a socket was doing before there was a connection; with `read` and `write` the same codes tell nothing. */
const connecting = /^(connect|bind|getaddrinfo|query)/;
/** The certificate or the protocol was refused, so no request was written. */
const tlsSetup =
  /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|ERR_INVALID_PROTOCOL$)/;
/** OpenSSL's reasons that belong to the handshake alone: records are read and checked (ERR_SSL_…) as long as a connection lives. */
const handshake =
  /unsupported[ _]protocol|protocol[ _]version|no[ _]protocols|handshake[ _]failure|unrecognized[ _]name|unknown[ _]ca|certificate|key[ _]too[ _]small|no[ _]ciphers|insufficient[ _]security/i;
/** Node's own words (`_tls_wrap`); the code is that of any reset. */
const resetInHandshake = /before secure TLS connection was established/;
const mostLinks = 5;

/** `not-sent` only when it is certain that no request left this machine; everything else may have arrived. */
export function transportFailureOf(error: unknown): TransportFailure {
  return judge(error, 0) ?? 'lost';
}

/**
 * Innermost first: axios wraps the socket's error from 1.x on, and fetch hides it in `cause`; the wrapping has the code, but not the
 * `syscall` that tells connecting from reading.
 */
function judge(error: unknown, depth: number): TransportFailure | undefined {
  if (typeof error !== 'object' || error === null || depth >= mostLinks) return undefined;
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  const inner = judge(cause, depth + 1);
  if (inner) return inner;
  // Happy eyeballs: one error for each address.
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.every((one) => judge(one, depth + 1) === 'not-sent') ? 'not-sent' : 'lost';
  }
  return judgeLink(error);
}

function judgeLink(error: object): TransportFailure | undefined {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  if (typeof code !== 'string') return undefined;
  const words = typeof message === 'string' ? message : '';
  // A handshake that fails shows as a failed write of the request that waited for it.
  if (code === 'EPROTO')
    return handshake.test(words) || /wrong version number/.test(words) ? 'not-sent' : 'lost';
  if (code.startsWith('ERR_SSL_')) return handshake.test(code) ? 'not-sent' : 'lost';
  if (code === 'ECONNRESET' && resetInHandshake.test(words)) return 'not-sent';
  if (typeof syscall === 'string') return connecting.test(syscall) ? 'not-sent' : 'lost';
  return neverConnected.has(code) || tlsSetup.test(code) ? 'not-sent' : undefined;
}
