/** Bytes that this process keeps alive; it wants `--expose-gc`. */
export function bytesInUse(): number {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
