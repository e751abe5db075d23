import type { Problem } from '../failure/problem.js';

// The CommonJS build has no such declaration: for `require` axios itself declares `AxiosError` as an alias, which nobody can add to.
declare module 'axios' {
  interface AxiosError {
    /** What happened, why and what to do: see docs/errors.md. `problemOf(error)` finds it too, in wrapped errors and answers as well. */
    procore?: Problem;
  }
}
