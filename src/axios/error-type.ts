import type { Problem } from '../failure/problem.js';

// Only the ES module build declares this: for `require` axios declares `AxiosError` as an alias, which cannot be extended.
declare module 'axios' {
  interface AxiosError {
    /** The classification of the failed call: see docs/errors.md. `problemOf(error)` finds it in wrapped errors and in responses too. */
    procore?: Problem;
  }
}
