import type { AxiosInstance } from 'axios';

const companyIds = [562949953421401, 562949953421402];
const projectIds = [562949953422001, 562949953422002, 562949953422003, 562949953422004, 562949953422005];

/** Every so many calls one writes. */
export const callsPerWrite = 8;

/** Whether this call of the sync writes. */
function isWrite(index: number): boolean {
  return index % callsPerWrite === callsPerWrite - 1;
}

/** Makes one call of the sync; the instance unwraps `response.data`. Rejects when the answer is not the expected one. */
async function callNumber(index: number, instance: AxiosInstance, signal: AbortSignal): Promise<void> {
  const projectId = projectIds[index % projectIds.length]!;
  const procore = { companyId: companyIds[index % companyIds.length]! };
  const get = (url: string) => instance.get<never, unknown>(url, { signal, procore });
  switch (index % callsPerWrite) {
    case 0:
      return expectId(await get('/rest/v1.0/me'));
    case 1:
      return expectList(await get('/rest/v1.0/companies'));
    case 2:
    case 3:
      return expectList(await get('/rest/v1.0/projects'));
    case callsPerWrite - 1: {
      const rfi = { subject: `Question ${index}`, due_date: '2027-01-31' };
      const url = `/rest/v1.0/projects/${projectId}/rfis`;
      return expectId(await instance.post<never, unknown>(url, { rfi }, { signal, procore }));
    }
    default:
      return expectList(await get(`/rest/v1.0/projects/${projectId}/rfis`));
  }
}

function expectId(answer: unknown): void {
  if (!(typeof answer === 'object' && answer !== null && 'id' in answer))
    throw new Error('an answer without id');
}

function expectList(answer: unknown): void {
  if (!Array.isArray(answer)) throw new Error('an answer that is no list');
}

/** One client's part of a sync. */
export interface Part {
  /** The number of its first call. */
  readonly from: number;
  readonly count: number;
  readonly concurrency: number;
}

/** The counts of the calls that were made. */
export interface CallCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** Calls that should write. */
  readonly writes: number;
  readonly slowestMs: number;
}

/**
 * Makes the calls of a part on an instance, and adds to `counts`. `began` and `ended` are told of each call; the next one waits for what
 * `failed` returns. A call that the signal has aborted counts as neither succeeded nor failed.
 */
export async function makeCalls(
  part: Part,
  {
    instance,
    signal,
    counts,
    began,
    ended,
    failed,
  }: {
    instance: AxiosInstance;
    signal: AbortSignal;
    counts: { -readonly [K in keyof CallCounts]: number };
    began?: (index: number) => void;
    ended?: (index: number) => void;
    failed?: () => Promise<unknown>;
  },
): Promise<void> {
  await runPool({ ...part, signal }, async (number) => {
    const index = part.from + number;
    const startedAt = performance.now();
    let hasFailed = false;
    began?.(index);
    if (isWrite(index)) counts.writes++;
    try {
      await callNumber(index, instance, signal);
      counts.succeeded++;
    } catch {
      // The application's own interceptor has logged the error.
      hasFailed = !signal.aborted;
      if (hasFailed) counts.failed++;
    }
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedAt);
    ended?.(index);
    if (hasFailed) await failed?.();
  });
}

/** Runs `work` for 0 to `count - 1`, `concurrency` at a time, until the signal aborts. */
async function runPool(
  { count, concurrency, signal }: { count: number; concurrency: number; signal: AbortSignal },
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count && !signal.aborted) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
