import type { Problem } from './problem.js';

/** The key of a problem on a response: a symbol, so that code that walks over the fields of a response does not meet it. */
const carried = Symbol.for('axios-procore.problem');
const mostLinks = 5;

/** Puts a problem on an error, as `error.procore`. */
export function putOnError(error: unknown, problem: Problem): void {
  if (!isCarrier(error) || !Object.isExtensible(error)) return;
  (error as { procore?: Problem }).procore = problem;
}

/** Puts a problem on a response, under a symbol. {@link problemOf} reads it. */
export function putOnResponse(response: object, problem: Problem): void {
  if (!Object.isExtensible(response)) return;
  Object.defineProperty(response, carried, { value: problem, configurable: true });
}

/**
 * The classification of a failed call. Takes the error, an error that wraps it as `cause`, or the response (for code whose `validateStatus`
 * accepts every status, or that rethrows `error.response`). Undefined for anything else.
 *
 * @example
 * const problem = problemOf(error);
 * if (problem?.kind === 'app-not-connected') notifyAdmin(problem.remedy);
 */
export function problemOf(errorOrResponse: unknown): Problem | undefined {
  let link = errorOrResponse;
  for (let depth = 0; depth < mostLinks && isCarrier(link); depth++) {
    const { procore, response, cause } = link as { procore?: unknown; response?: unknown; cause?: unknown };
    // `procore` is also the property of a request configuration that has the options of the call. Only a problem counts.
    if (isProblem(procore)) return procore;
    const own = carriedBy(link) ?? carriedBy(response);
    if (own) return own;
    link = cause;
  }
  return undefined;
}

/**
 * Whether the error itself has a classification, and narrows its type: `error.procore`. For an error that wraps a failed call, and for a
 * response, see {@link problemOf}.
 *
 * @example
 * if (hasProblem(error) && error.procore.kind === 'app-not-connected') notifyAdmin(error.procore.remedy);
 */
export function hasProblem(error: unknown): error is { procore: Problem } {
  return isCarrier(error) && isProblem((error as { procore?: unknown }).procore);
}

function carriedBy(response: unknown): Problem | undefined {
  return isCarrier(response) ? (response as { [carried]?: Problem })[carried] : undefined;
}

function isProblem(value: unknown): value is Problem {
  return isCarrier(value) && typeof (value as { kind?: unknown }).kind === 'string' && 'mayHaveRun' in value;
}

function isCarrier(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
