/** The properties that are read of a request of Node's http client, or of the object that follow-redirects wraps around it. */
interface NodeRequest {
  /** Properties of follow-redirects: the request of the last hop, and how many redirects came before it. */
  _currentRequest?: unknown;
  _redirectCount?: unknown;
  /** A boolean and an array on every `http.ClientRequest`. They tell it from other kinds of requests, of which none has both. */
  reusedSocket?: unknown;
  outputData?: unknown;
  /** Null until the agent assigns a socket; until then Node keeps the request in a buffer. */
  socket?: unknown;
}

/** The properties that are read of a socket of Node. */
interface NodeSocket {
  /** On a socket of `tls.connect`: true until the handshake is over and the certificate accepted. Nothing is sent before that. */
  secureConnecting?: unknown;
  /** False until the handshake is over. */
  _secureEstablished?: unknown;
  /** The reason why the certificate was not accepted. */
  authorizationError?: unknown;
  /** The bytes that were handed to the operating system. Unlike `bytesWritten` it leaves out those that wait for a connection. */
  _bytesDispatched?: unknown;
}

/**
 * The answer on an error, if it is the server's. A proxy's refusal of CONNECT is not: some proxy agents hand it over as if it were the
 * server's answer, on a socket that was never connected.
 */
export function answerOf<R extends { request?: unknown }>({ response }: { response?: R }): R | undefined {
  return wasNeverSent(response?.request) ? undefined : response;
}

/** Node's own classes of sockets. The socket of a mock says nothing: it never sends, although the mock answers. */
const socketClasses = new Set(['Socket', 'TLSSocket']);

/**
 * True when this request certainly never left this machine: it got no socket (the case where the proxy of an agent refuses CONNECT or hangs
 * up), or one that was never connected. False where that cannot be told: for a request of fetch or of a mock, and for one that follows a
 * redirect, because the call itself has run by then.
 */
export function wasNeverSent(request: unknown): boolean {
  const { _currentRequest, _redirectCount = 0 } = (request ?? {}) as NodeRequest;
  if (_redirectCount !== 0) return false;
  const { reusedSocket, outputData, socket } = (_currentRequest ?? request ?? {}) as NodeRequest;
  if (typeof reusedSocket !== 'boolean' || !Array.isArray(outputData)) return false;
  return socket === null || (isNodeSocket(socket) && wasNeverConnected(socket));
}

function isNodeSocket(socket: unknown): socket is NodeSocket {
  if (typeof socket !== 'object' || socket === null) return false;
  const { constructor } = socket as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' && socketClasses.has(constructor.name);
}

function wasNeverConnected(socket: NodeSocket): boolean {
  if (socket._bytesDispatched === 0) return true;
  // `secureConnecting` alone proves nothing: on a socket that an agent made with `new TLSSocket` it stays true for ever.
  const refused = typeof socket.authorizationError === 'string' || socket.authorizationError instanceof Error;
  return socket.secureConnecting === true && (socket._secureEstablished === false || refused);
}
