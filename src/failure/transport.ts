import { wasNeverSent } from './never-sent.js';

/** What an error without an answer says: the request never left this machine, or its answer was lost. */
export type TransportFailure = 'not-sent' | 'lost';

/** How the connection of a call failed. */
export type ConnectionFailure = TransportFailure | 'timeout';

/** Error codes that occur only before a connection is established. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  // The code of Node's own proxy support when the proxy refuses CONNECT.
  'ERR_PROXY_TUNNEL',
]);
/** System calls before there is a connection. The same error codes with `read` or `write` do not say whether the request was sent. */
const connecting = /^(connect|bind|getaddrinfo|query)/;
/** Error codes of a refused certificate or protocol: the handshake failed, so no request was written. */
const tlsSetup =
  /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|ERR_INVALID_PROTOCOL$)/;
/** OpenSSL's reasons that occur in the handshake only. Other codes ERR_SSL_… may occur at any time in a connection. */
const handshake =
  /unsupported[ _]protocol|protocol[ _]version|no[ _]protocols|handshake[ _]failure|unrecognized[ _]name|unknown[ _]ca|certificate|key[ _]too[ _]small|no[ _]ciphers|insufficient[ _]security/i;
/** The message of Node (`_tls_wrap`) for a reset in the handshake. Its code, ECONNRESET, is that of any reset. */
const resetInHandshake = /before secure TLS connection was established/;
/** The message of undici's `ProxyAgent` when the proxy answers CONNECT with another status than 200. */
const noTunnel = /when HTTP Tunneling/i;
const mostLinks = 5;

const timeouts = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/**
 * Error codes of a lost connection or a broken answer: of Node's sockets, of a body that broke off, and of undici; then of the parsers of
 * HTTP and of compression, of TLS records and of HTTP/2.
 */
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
/** Messages of ECONNABORTED that mean a lost connection. Any other message means axios's timeout, whose text the application may choose. */
const abortedWords =
  /^((request )?aborted|(response )?stream (has been )?aborted|(read|write) ECONNABORTED)$/i;
/**
 * Messages of ERR_BAD_RESPONSE for a body that broke off. Older versions of axios report it as an exceeded `maxContentLength` of -1; a
 * limit that was set is a number without a sign, and exceeding it is no lost connection.
 */
const cutWords = /^(stream has been aborted|maxContentLength size of (?!\d).*exceeded)$/;
/** Messages of errors without a code for a body that broke off. */
const brokenWords = /^(terminated|aborted|premature close|socket hang up|other side closed)$/i;
/** Messages of errors without a code and reason: of fetch in Node, Chromium, WebKit and Gecko, and of axios for XMLHttpRequest. */
const networkWords =
  /^(fetch failed|Failed to fetch|Load failed|NetworkError when attempting to fetch resource\.|Network Error)$/i;

/** `not-sent` only when it is certain that the request never left this machine; otherwise `lost`, because it may have arrived. */
export function transportFailureOf(error: unknown): TransportFailure {
  // The state of the request is read first, because proxy agents fail with error codes of their own, or with none.
  if (wasNeverSent((error as { request?: unknown } | null | undefined)?.request)) return 'not-sent';
  return judge(error, 0) ?? 'lost';
}

/**
 * Judges the innermost cause first. From 1.x on axios wraps the socket's error, and fetch puts it into `cause`. The outer error has the
 * same code, but not the `syscall` that tells whether the socket was connecting or reading.
 */
function judge(error: unknown, depth: number): TransportFailure | undefined {
  if (typeof error !== 'object' || error === null || depth >= mostLinks) return undefined;
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  const inner = judge(cause, depth + 1);
  if (inner) return inner;
  // An AggregateError of Node's Happy Eyeballs (RFC 8305) has one error for each address that was tried.
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.every((one) => judge(one, depth + 1) === 'not-sent') ? 'not-sent' : 'lost';
  }
  return judgeLink(error);
}

function judgeLink(error: object): TransportFailure | undefined {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  if (typeof code !== 'string') return undefined;
  const words = typeof message === 'string' ? message : '';
  // EPROTO comes with the syscall `write` even where the handshake failed: the request had waited for it and was not written.
  if (code === 'EPROTO')
    return handshake.test(words) || /wrong version number/.test(words) ? 'not-sent' : 'lost';
  if (code.startsWith('ERR_SSL_')) return handshake.test(code) ? 'not-sent' : 'lost';
  if (code === 'ECONNRESET' && resetInHandshake.test(words)) return 'not-sent';
  if (code === 'UND_ERR_ABORTED' && noTunnel.test(words)) return 'not-sent';
  if (typeof syscall === 'string') return connecting.test(syscall) ? 'not-sent' : 'lost';
  return neverConnected.has(code) || tlsSetup.test(code) ? 'not-sent' : undefined;
}

/**
 * How the connection failed. Undefined where the cause is something else: a limit of axios, an invalid URL or header, an exception of an
 * adapter, a status.
 */
export function connectionFailureOf(error: unknown): ConnectionFailure | undefined {
  try {
    return transportFailureOf(error) === 'not-sent' ? 'not-sent' : failureIn(error, 0);
  } catch {
    // Reading a property of the error threw.
    return undefined;
  }
}

/**
 * Judges the outermost error first: what axios calls a timeout is one, whatever error the socket had then. The cause is read only where the
 * outer error does not decide.
 */
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
  // An error of fetch with a cause that was not recognised above is a refusal of fetch itself, as of an unknown scheme, and no lost
  // connection.
  const silent = cause === undefined || cause === null;
  return silent && (code === 'ERR_NETWORK' || networkWords.test(words)) ? 'lost' : undefined;
}

function failureByCode(code: string, words: string): ConnectionFailure | undefined {
  if (timeouts.has(code)) return 'timeout';
  if (code === 'ECONNABORTED') return abortedWords.test(words) ? 'lost' : 'timeout';
  if (code === 'ERR_BAD_RESPONSE') return cutWords.test(words) ? 'lost' : undefined;
  return losses.has(code) || damaged.test(code) ? 'lost' : undefined;
}
