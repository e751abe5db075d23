import { isPromise } from '../text/words.js';

/** Calls a function of the application: what it throws or rejects with goes to `failed`, and to nobody else. */
export function contained(work: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = work();
    // A thenable of another library or realm has no `catch` that can be relied on.
    if (isPromise(result)) Promise.resolve(result).catch(failed);
  } catch (error) {
    failed(error);
  }
}
