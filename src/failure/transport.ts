import { wasNeverSent } from './never-sent.js';

/** What can be told from an error that carries no answer. */
export type TransportFailure = 'not-sent' | 'lost';

/** How a connection failed a call. */
export type ConnectionFailure = TransportFailure | 'timeout';

/** Of these a connection that stands knows nothing. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  // Of Node's own proxy support, where the proxy makes no tunnel.
  'ERR_PROXY_TUNNEL',
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
/** Words of undici's `ProxyAgent`, whose proxy has answered CONNECT with another status than 200. */
const noTunnel = /when HTTP Tunneling/i;
const mostLinks = 5;

const timeouts = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** Of Node's sockets, of a reading that broke off, of undici; then of parsers (HTTP, compression), TLS records and HTTP/2. */
const losses = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'EPROTO',
  'ENOTCONN',
  'ESHUTDOWN',
  'ENETRESET',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
  'UND_ERR_ABORTED',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);
const damaged =
  /^(HPE_|Z_|ERR_SSL_|ERR_HTTP2_(STREAM_ERROR|STREAM_CANCEL|SESSION_ERROR|GOAWAY_SESSION|INVALID_SESSION|INVALID_STREAM|ERROR)$)/;
/** ECONNABORTED stands for axios's timeout, whose text the application may choose, and for these. */
const abortedWords =
  /^((request )?aborted|(response )?stream (has been )?aborted|(read|write) ECONNABORTED)$/i;
/** ERR_BAD_RESPONSE of a cut body. An older axios names a limit that was never set (-1); a real one is a number. */
const cutWords = /^(stream has been aborted|maxContentLength size of (?!\d).*exceeded)$/;
/** Errors without a code, where a body broke off. */
const brokenWords = /^(terminated|aborted|premature close|socket hang up|other side closed)$/i;
/** Errors without a code that name no reason: of fetch in Node, Chromium, WebKit and Gecko, and of axios for XMLHttpRequest. */
const networkWords =
  /^(fetch failed|Failed to fetch|Load failed|NetworkError when attempting to fetch resource\.|Network Error)$/i;

/** `not-sent` only when it is certain that no request left this machine; everything else may have arrived. */
export function transportFailureOf(error: unknown): TransportFailure {
  // The request itself knows best: agents fail with codes of their own, or with none.
  if (wasNeverSent((error as { request?: unknown } | null | undefined)?.request)) return 'not-sent';
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
  if (code === 'UND_ERR_ABORTED' && noTunnel.test(words)) return 'not-sent';
  if (typeof syscall === 'string') return connecting.test(syscall) ? 'not-sent' : 'lost';
  return neverConnected.has(code) || tlsSetup.test(code) ? 'not-sent' : undefined;
}

/**
 * How the connection failed a call; undefined where it is not to blame: a limit of axios, an invalid URL or header, an exception of an
 * adapter, a status.
 */
export function connectionFailureOf(error: unknown): ConnectionFailure | undefined {
  try {
    return transportFailureOf(error) === 'not-sent' ? 'not-sent' : failureIn(error, 0);
  } catch {
    // An object whose properties cannot be read.
    return undefined;
  }
}

/** Outermost first: what axios calls a timeout is one, whatever the socket said then; only where it knows no more the cause counts. */
function failureIn(error: unknown, depth: number): ConnectionFailure | undefined {
  if (typeof error !== 'object' || error === null || depth >= mostLinks) return undefined;
  const { code, name, message, cause } = error as Record<'code' | 'name' | 'message' | 'cause', unknown>;
  const words = typeof message === 'string' ? message : '';
  const own = typeof code === 'string' ? failureByCode(code, words) : undefined;
  if (own) return own;
  if (name === 'TimeoutError') return 'timeout';
  const inner = failureIn(cause, depth + 1);
  if (inner) return inner;
  if (typeof code !== 'string' && brokenWords.test(words)) return 'lost';
  // Fetch's own refusals (a redirect too many, a scheme it does not know) come as a cause without a code.
  const silent = cause === undefined || cause === null;
  return silent && (code === 'ERR_NETWORK' || networkWords.test(words)) ? 'lost' : undefined;
}

function failureByCode(code: string, words: string): ConnectionFailure | undefined {
  if (timeouts.has(code)) return 'timeout';
  if (code === 'ECONNABORTED') return abortedWords.test(words) ? 'lost' : 'timeout';
  if (code === 'ERR_BAD_RESPONSE') return cutWords.test(words) ? 'lost' : undefined;
  return losses.has(code) || damaged.test(code) ? 'lost' : undefined;
}
