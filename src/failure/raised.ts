import { isProcoreError, retold, type ProcoreError } from './errors.js';
import { graftedOn, originalPrototypeOf } from './error-prototypes.js';

/** The part of a copy of axios that is needed here. */
interface WithErrorClass {
  /** Undefined below axios 0.27. */
  readonly AxiosError: { readonly prototype: object } | undefined;
}

/**
 * The error as it is raised on an instance of this axios: an `instanceof` that copy's `AxiosError` as well, if it has one. Instances of
 * several copies of axios may wait for one renewal and fail with its error: for the second copy a new error is made, because the first one
 * is an `AxiosError` of the first copy already.
 */
export function raisedIn<E extends ProcoreError>({ AxiosError }: WithErrorClass, error: E): E {
  const made = originalPrototypeOf(error);
  const current = Object.getPrototypeOf(error) as object | null;
  const wanted = AxiosError && made ? graftedOn(AxiosError.prototype, made) : made;
  if (current === wanted) return error;
  return Object.setPrototypeOf(current === made ? error : retold(error, {}), wanted) as E;
}

/** Returns a function that wraps others: errors of this package that they throw are raised in this axios (see {@link raisedIn}). */
export function raisingIn(
  copy: WithErrorClass,
): <A extends unknown[], R>(work: (...args: A) => Promise<R>) => (...args: A) => Promise<R> {
  return (work) =>
    async (...args) => {
      try {
        return await work(...args);
      } catch (error) {
        throw isProcoreError(error) ? raisedIn(copy, error) : error;
      }
    };
}
