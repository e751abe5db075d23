import axios from 'axios';

/**
 * Everything that an application can see of a value, in plain data, so that two runs can be compared by it: all own keys, symbols too, what
 * is undefined, and the class. Only what differs from run to run is left out: stacks, durations, ports.
 */
export function describeValue(value: unknown, within: readonly object[] = []): unknown {
  if (value === undefined) return '(undefined)';
  if (typeof value === 'function') return `(function ${value.name})`;
  if (typeof value === 'symbol' || typeof value === 'bigint') return `(${String(value)})`;
  // A form gets a new boundary each time it is encoded.
  if (typeof value === 'string') return value.replace(/(boundary=)[^;\s"]+/, '$1BOUNDARY');
  if (typeof value !== 'object' || value === null) return value;
  if (within.includes(value)) return '(itself)';
  const inside = [...within, value];
  if (Array.isArray(value)) return value.map((item) => describeValue(item, inside));
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytesOf(value);
  const kind = kindOf(value);
  if (value instanceof Error || axios.isCancel(value)) return describeError(value as Error, kind, inside);
  if (kind === 'AxiosHeaders') return { kind, ...ownOf(value, inside) };
  if (value instanceof URLSearchParams || value instanceof URL) return { kind, text: String(value) };
  // What Node and the platform make: sockets, agents, requests, signals, forms.
  if (kind !== 'Object' && kind !== '(no prototype)') return `(${kind})`;
  return { kind, ...ownOf(value, inside) };
}

/** What no two runs have alike. */
const chance = new Set<string | symbol>(['duration', 'localPort', 'bytesRead', 'bytesWritten']);

function kindOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name: string } } | null;
  return prototype === null ? '(no prototype)' : (prototype.constructor?.name ?? '(no class)');
}

function bytesOf(value: ArrayBufferView | ArrayBuffer): unknown {
  const bytes = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  return { kind: kindOf(value), base64: bytes.toString('base64') };
}

function ownOf(value: object, inside: readonly object[]): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
    if (!descriptor.enumerable && typeof key === 'symbol') continue;
    const described = chance.has(key) ? '(by chance)' : describeValue(Reflect.get(value, key), inside);
    own[`${String(key)}${descriptor.enumerable ? '' : ' (hidden)'}`] = described;
  }
  return own;
}

function describeError(error: Error, kind: string, inside: readonly object[]): Record<string, unknown> {
  const { stack: _, 'stack (hidden)': __, ...own } = ownOf(error, inside);
  const { toJSON, response, config, request } = error as {
    toJSON?: () => Record<string, unknown>;
    response?: { config?: unknown; request?: unknown };
    config?: unknown;
    request?: unknown;
  };
  const told = toJSON && { ...toJSON.call(error) };
  if (told) delete told['stack'];
  return {
    ...{ kind, name: error.name, message: error.message, ...own },
    'is an axios error': axios.isAxiosError(error),
    'is a cancel': axios.isCancel(error),
    'is an Error': error instanceof Error,
    'has a stack': typeof error.stack,
    'one config': response && response.config === config,
    'one request': response && response.request === request,
    toJSON: describeValue(told, inside),
  };
}

/** Reads a body that is a stream to its end, so that it can be described. */
export async function drained(value: unknown): Promise<unknown> {
  const { response } = (value ?? {}) as { response?: object };
  const holder = (response ?? value) as { data?: unknown } | undefined;
  const data = holder?.data;
  if (typeof data !== 'object' || data === null) return value;
  const isStream = Symbol.asyncIterator in data || data instanceof ReadableStream;
  if (!isStream) {
    if (data instanceof Blob) holder!.data = { kind: kindOf(data), type: data.type, text: await data.text() };
    return value;
  }
  const chunks: Buffer[] = [];
  let end = 'whole';
  try {
    for await (const chunk of data as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  } catch (error) {
    const { name, code, message } = error as { name: string; code?: string; message: string };
    end = [name, code, message].join(' ');
  }
  holder!.data = { kind: kindOf(data), end, text: Buffer.concat(chunks).toString() };
  return value;
}
