import { isProcoreError, retold, type ProcoreError } from './errors.js';
import { graftedOn, originalPrototypeOf } from './kinship.js';

/** What is needed of a copy of axios. */
interface WithErrorClass {
  /** Undefined below 0.27. */
  readonly AxiosError: { readonly prototype: object } | undefined;
}

/**
 * The error as it is raised on an instance of this axios: also `instanceof` the `AxiosError` of that copy, if it has one. An error that is
 * another copy's already comes as a second one: instances of several copies may wait for one renewal.
 */
export function raisedIn<E extends ProcoreError>({ AxiosError }: WithErrorClass, error: E): E {
  const made = originalPrototypeOf(error);
  const current = Object.getPrototypeOf(error) as object | null;
  const wanted = AxiosError && made ? graftedOn(AxiosError.prototype, made) : made;
  if (current === wanted) return error;
  return Object.setPrototypeOf(current === made ? error : retold(error, {}), wanted) as E;
}

/** Makes functions whose own errors are raised in this axios. */
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
