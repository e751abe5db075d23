/** The bytes of an `ArrayBuffer`, of any realm, or of a view of one, such as a `Buffer`; undefined for anything else. Nothing is copied. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (!ArrayBuffer.isView(data) && !isBuffer(data)) return undefined;
  // Memory that was handed to another thread is empty here, and cannot be looked at.
  if (data.byteLength === 0) return new Uint8Array(0);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function isBuffer(data: unknown): data is ArrayBufferLike {
  const tag = Object.prototype.toString.call(data);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]';
}
