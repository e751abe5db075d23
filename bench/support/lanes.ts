import { startCpuClock } from './cpu.js';

/** Makes calls one after another in each of so many lanes until the time is up; how many there were, and the microseconds of one. */
export async function callFor(
  ms: number,
  lanes: number,
  call: () => Promise<unknown>,
): Promise<{ calls: number; microseconds: number; cpuMicroseconds: number }> {
  let calls = 0;
  const cpuMicroseconds = startCpuClock();
  const startedAt = performance.now();
  const until = startedAt + ms;
  const lane = async () => {
    while (performance.now() < until) {
      for (let each = 0; each < 10; each++) await call();
      calls += 10;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return {
    calls,
    microseconds: ((performance.now() - startedAt) * 1000) / calls,
    cpuMicroseconds: cpuMicroseconds() / calls,
  };
}
