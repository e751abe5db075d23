import type { Problem } from './problem.js';

/** On responses, which legacy code takes apart field by field; every copy of the package finds it. */
const carried = Symbol.for('axios-procore.problem');
const mostLinks = 5;

/** Puts a problem on an error, as `error.procore`. */
export function putOnError(error: unknown, problem: Problem): void {
  if (!isCarrier(error) || !Object.isExtensible(error)) return;
  (error as { procore?: Problem }).procore = problem;
}

/** Puts a problem on an answer, where {@link problemOf} finds it and nobody else. */
export function putOnResponse(response: object, problem: Problem): void {
  if (!Object.isExtensible(response)) return;
  Object.defineProperty(response, carried, { value: problem, configurable: true });
}

/**
 * The classification of a failed call: of the error, of one that wraps it as `cause`, or of its response, for code that takes every status
 * for a success (`validateStatus`) or rethrows `error.response`. Undefined for anything else.
 *
 * @example
 * const problem = problemOf(error);
 * if (problem?.kind === 'app-not-connected') notifyAdmin(problem.remedy);
 */
export function problemOf(errorOrResponse: unknown): Problem | undefined {
  let link = errorOrResponse;
  for (let depth = 0; depth < mostLinks && isCarrier(link); depth++) {
    const { procore, response, cause } = link as { procore?: unknown; response?: unknown; cause?: unknown };
    // On a configuration `procore` are the options of a call.
    if (isProblem(procore)) return procore;
    const own = carriedBy(link) ?? carriedBy(response);
    if (own) return own;
    link = cause;
  }
  return undefined;
}

/**
 * True where a failed call has its classification on the error itself, and then typed: `error.procore`. For a problem that an error
 * wraps, or that is on an answer, see {@link problemOf}.
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
