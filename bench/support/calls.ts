import { startCpuClock } from './cpu.js';

/** What became of the calls of a trial. */
export interface Calls {
  readonly answered: number;
  readonly failed: number;
  /** What the failures were, and how many of each. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the first call to the last answer. */
  readonly ms: number;
  readonly cpuMicrosecondsPerCall: number;
  /** Of each call that was answered, in no order. */
  readonly latenciesMs: readonly number[];
}

type Begin = (call: () => Promise<unknown>, dueAtMs?: number) => void;

/** Runs the calls that are begun, and counts them once all have ended. */
export async function record(calls: (begin: Begin) => void | Promise<void>): Promise<Calls> {
  const latenciesMs: number[] = [];
  const failures: Record<string, number> = {};
  const open: Promise<void>[] = [];
  const cpuMicroseconds = startCpuClock();
  const startedAt = performance.now();
  await calls((call, dueAtMs = performance.now()) => {
    open.push(
      call().then(
        () => void latenciesMs.push(performance.now() - dueAtMs),
        (error: unknown) => {
          const name = nameOf(error);
          failures[name] = (failures[name] ?? 0) + 1;
        },
      ),
    );
  });
  await Promise.all(open);
  return {
    answered: latenciesMs.length,
    failed: open.length - latenciesMs.length,
    failures,
    ms: performance.now() - startedAt,
    cpuMicrosecondsPerCall: cpuMicroseconds() / open.length,
    latenciesMs,
  };
}

/** The status of an axios error or of an answer of `@procore/js-sdk`, else the code or message. */
function nameOf(error: unknown): string {
  const { status, response, code, message } = error as {
    status?: number;
    response?: { status?: number };
    code?: string;
    message?: string;
  };
  return String(response?.status ?? status ?? code ?? message);
}
