import { expect, test } from 'vitest';
import { hasProblem, problemOf, putOnError, putOnResponse } from '../../../src/failure/carried.js';
import { DeadlineError } from '../../../src/failure/errors.js';
import { describeProblem } from '../../../src/failure/problem.js';

const problem = describeProblem({
  kind: 'not-found',
  status: 404,
  attempts: 1,
  mayHaveRun: false,
  idempotent: true,
});

/** Something that a call was rejected with, classified. */
function carrying<T extends object>(error: T): T {
  putOnError(error, problem);
  return error;
}

test.each([
  ['an error', carrying(new Error('x'))],
  ['an error of our own', carrying(new DeadlineError('x'))],
  ['what is thrown and is no error', carrying({ status: 404 })],
])('hasProblem is true for %s that carries its problem, and problemOf finds the same', (_what, error) => {
  expect(hasProblem(error)).toBe(true);
  expect(problemOf(error)).toBe(problem);
  if (hasProblem(error)) expect(error.procore).toBe(problem);
});

const answer = { status: 404 };
putOnResponse(answer, problem);

test.each([
  ['an error that wraps one', new Error('x', { cause: carrying(new Error('y')) })],
  ['an answer', answer],
  ['an error whose answer alone carries it', Object.assign(new Error('x'), { response: answer })],
])('hasProblem is false for %s: there is no error.procore, and problemOf finds it', (_what, error) => {
  expect(hasProblem(error)).toBe(false);
  expect(problemOf(error)).toBe(problem);
});

test.each([
  undefined,
  null,
  'x',
  5,
  new Error('x'),
  { procore: undefined },
  { procore: null },
  { procore: 'x' },
  // The options of a call, on its configuration.
  { procore: { companyId: 1, kind: 'x' } },
])('hasProblem(%j) is false', (value) => {
  expect(hasProblem(value)).toBe(false);
});
