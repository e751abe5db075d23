import { problems, type ProblemKind } from '../failure/catalogue.js';

/** How often there was a failure of each kind. */
export type KindCounts = Partial<Record<ProblemKind, number>>;

/** Adds how often there was each kind. */
export function addKinds(counts: KindCounts, others: KindCounts): void {
  for (const [kind, times] of Object.entries(others) as [ProblemKind, number][])
    counts[kind] = (counts[kind] ?? 0) + times;
}

/** True for the name of a kind. */
export function isKind(value: unknown): value is ProblemKind {
  return typeof value === 'string' && Object.hasOwn(problems, value);
}
