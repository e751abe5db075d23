/** A request of Node's http client, or follow-redirects' wrapping of one, as far as it is looked at. */
interface NodeRequest {
  /** Of follow-redirects: the request of the last hop, and how many hops came before it. */
  _currentRequest?: unknown;
  _redirectCount?: unknown;
  /** A boolean and an array on every `http.ClientRequest`; no other kind of request has both. */
  reusedSocket?: unknown;
  outputData?: unknown;
  /** Null until the agent hands over a socket; while there is none, the request waits in a buffer. */
  socket?: unknown;
}

/** A socket of Node, as far as it is looked at. */
interface NodeSocket {
  /** Of `tls.connect`: true until the handshake is over and the certificate accepted; before that nothing is sent through it. */
  secureConnecting?: unknown;
  /** False until the handshake is over. */
  _secureEstablished?: unknown;
  /** Why the certificate was not accepted. */
  authorizationError?: unknown;
  /** What was handed to the operating system; unlike `bytesWritten` it does not count what waits for a connection. */
  _bytesDispatched?: unknown;
}

/**
 * The answer on an error, if the server has given it. That of a proxy to CONNECT is none: some agents hand it over as if the server had given
 * it, on a socket that was never connected.
 */
export function answerOf<R extends { request?: unknown }>({ response }: { response?: R }): R | undefined {
  return wasNeverSent(response?.request) ? undefined : response;
}

/** Node's own classes. A mock's socket writes nothing anywhere, whatever its request stands for. */
const socketClasses = new Set(['Socket', 'TLSSocket']);

/**
 * True when this request certainly never left this machine: it was given no socket (an agent whose proxy refused, hung up or answered
 * something else than 200 to CONNECT has none to give), or one that was never connected. False where nothing can be told: a request of
 * fetch or of a mock, and one that follows a redirect, behind which the call itself has run.
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
  // A socket that an agent has made with `new TLSSocket` is `secureConnecting` for ever.
  const refused = typeof socket.authorizationError === 'string' || socket.authorizationError instanceof Error;
  return socket.secureConnecting === true && (socket._secureEstablished === false || refused);
}
