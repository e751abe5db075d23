// Compiled against the packed package by matrix.test.ts, where `error.procore` can have a type; here, against the source.
import type { AxiosError } from 'axios';
import { type Problem } from 'axios-procore';

export function remedyOf(error: AxiosError): string | undefined {
  const problem: Problem | undefined = error.procore;
  // @ts-expect-error -- there is no such kind
  if (problem?.kind === 'no-such-kind') return undefined;
  return problem?.remedy;
}
