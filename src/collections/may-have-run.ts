import { assess } from '../failure/assess.js';
import { problemOf } from '../failure/carried.js';
import { answerOf } from '../failure/never-sent.js';
import { readAnswer } from '../wire/answer.js';
import type { AxiosResponse } from 'axios';
import { isCancel } from './canceled.js';
import { failedStatus } from './response.js';

/**
 * Whether the server may have carried out a call that has failed with this error or response. An attached instance has classified it, with
 * all of its attempts; that of any other instance is judged by the same rules. An error of unknown origin leaves it open.
 */
export function mayHaveRun(failed: unknown): boolean {
  const problem = problemOf(failed);
  if (problem) return problem.mayHaveRun === 'maybe';
  const error = failed as { isAxiosError?: unknown; response?: AxiosResponse } | null | undefined;
  const response = error ? answerOf(error) : undefined;
  if (!response && error?.isAxiosError !== true) return true;
  return assess(
    {
      error,
      answer: response && readAnswer(response.status, response.headers),
      data: response?.data as unknown,
      rejectedByStatus: failedStatus(response) !== undefined,
      redirected: false,
      canceled: isCancel(error),
      brokenBody: false,
    },
    0,
  ).mayHaveRun;
}
