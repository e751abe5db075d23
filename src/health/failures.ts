import { problems, type CatalogueRow, type ProblemKind } from '../failure/catalogue.js';
import type { CallCount } from './calls.js';
import type { KindCounts } from './kinds.js';

/** The calls that were answered with one status, and are of one kind where the recorder was told of it. */
export interface FailedStatus {
  readonly status: number;
  readonly title: string;
  readonly calls: number;
  readonly cause: string;
  readonly remedy: string;
  readonly docsUrl: string;
}

/** Failures of one kind. */
export interface FailureOfKind {
  readonly kind: ProblemKind;
  readonly title: string;
  /** How often it happened. */
  readonly times: number;
  readonly cause: string;
  readonly remedy: string;
  readonly docsUrl: string;
}

/** More is known of a failure than its status where it is one of these. */
const special: readonly ProblemKind[] = [
  'company-header-missing',
  'access-token-invalid',
  'app-not-connected',
];

/** The statuses of failed calls, with the most frequent first. Of `kinds` those count which say more than their status. */
export function failedStatuses(failed: readonly CallCount[], kinds: KindCounts): FailedStatus[] {
  const byStatus = new Map<number, number>();
  for (const { status, calls } of failed) byStatus.set(status, (byStatus.get(status) ?? 0) + calls);
  return [...byStatus]
    .flatMap(([status, calls]) => ofStatus(status, calls, kinds))
    .filter(({ calls }) => calls > 0)
    .sort((one, other) => other.calls - one.calls || one.status - other.status);
}

/** The kinds with their causes and remedies, with the most frequent first. */
export function failuresOfKinds(kinds: KindCounts): FailureOfKind[] {
  return (Object.entries(kinds) as [ProblemKind, number][])
    .map(([kind, times]) => ({ kind, times, ...told(problems[kind]) }))
    .sort((one, other) => other.times - one.times);
}

function ofStatus(status: number, calls: number, kinds: KindCounts): FailedStatus[] {
  let left = calls;
  const specials = special.flatMap((kind) => {
    if (problems[kind].status !== status) return [];
    const own = Math.min(left, kinds[kind] ?? 0);
    left -= own;
    return [{ status, calls: own, ...told(problems[kind]) }];
  });
  return [...specials, { status, calls: left, ...told(problemOfStatus(status)) }];
}

/** What the catalogue says of an answer of which the status alone is known. */
function problemOfStatus(status: number): CatalogueRow {
  const rows = Object.entries(problems).filter(([kind]) => !special.includes(kind as ProblemKind));
  const known = rows.find(([, row]) => row.status === status);
  return known?.[1] ?? problems[status >= 500 ? 'server-error' : 'unexpected'];
}

function told({ title, cause, remedy, docsUrl }: CatalogueRow) {
  return { title, cause, remedy, docsUrl };
}
