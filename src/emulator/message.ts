import type { EmulatedRequest } from './fault-types.js';
import type { LogEntry } from './log-types.js';

/** A request that has arrived in full. */
export interface Arrival extends EmulatedRequest {
  /** The body as it came. */
  readonly bytes: Uint8Array;
}

/** An answer before it is sent; header names in lower case. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Uint8Array;
}

/** One whose body is text. */
export interface TextReply extends Reply {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The result of a request that was carried out: the answer, and facts for the log and the counters. */
export interface Outcome {
  reply: Reply;
  note?: Partial<LogEntry>;
  /** How many pairs were revoked with their family. */
  revoked?: number;
  /** True when something was written. */
  wrote?: boolean;
  /** True for a write that repeats an earlier one. */
  rewrote?: boolean;
}

/** An endpoint of one of the hosts. */
export interface Endpoint {
  /** The fields of a request for the log; does not carry the request out. */
  describe(request: Arrival): Partial<LogEntry>;
  carryOut(request: Arrival): Outcome | Promise<Outcome>;
  /** Whether the access token of a request is valid; absent where none is asked for. */
  admits?(request: Arrival): boolean;
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): TextReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** A plain text answer. */
export function text(status: number, body: string): TextReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** The answer of the API and of the login host to an unknown path. */
export function notFound(): Reply {
  return json(404, { message: 'Not Found' });
}

/** The first value of a header; `name` in lower case. */
export function headerOf(request: Pick<EmulatedRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The access token that a request presents. */
export function bearerOf(request: Pick<EmulatedRequest, 'headers'>): string | undefined {
  return /^bearer +(\S+)$/i.exec(headerOf(request, 'authorization')?.trim() ?? '')?.[1];
}

/** The media type of the body without its parameters, in lower case. */
export function mediaTypeOf(request: EmulatedRequest): string {
  return (headerOf(request, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
