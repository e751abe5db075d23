import assert from 'node:assert/strict';

/** How long a test waits before it concludes that a store does not do what it must not do. */
export const graceMs = 50;

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Settles as `work` does, or rejects with an `AssertionError` after `ms`. Leaves no timer. */
export async function within<T>(work: Promise<T>, ms: number, failure: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: failure() })), ms);
  });
  try {
    return await Promise.race([work, elapsed]);
  } finally {
    clearTimeout(timer);
  }
}
