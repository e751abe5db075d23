import type { AxiosInstance } from 'axios';

const companyIds = [562949953421401, 562949953421402];
const projectIds = [562949953422001, 562949953422002, 562949953422003, 562949953422004, 562949953422005];

/** Every so many calls one writes. */
export const callsPerWrite = 8;

/** Whether this call of the sync writes. */
export function isWrite(index: number): boolean {
  return index % callsPerWrite === callsPerWrite - 1;
}

/** Makes one call of the sync; the instance unwraps `response.data`. Rejects when the answer is not the expected one. */
export async function callNumber(index: number, instance: AxiosInstance, signal: AbortSignal): Promise<void> {
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

/** Runs `work` for 0 to `count - 1`, `concurrency` at a time, until the signal aborts. */
export async function runPool(
  { count, concurrency, signal }: { count: number; concurrency: number; signal: AbortSignal },
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count && !signal.aborted) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
