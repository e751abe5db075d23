/** Milliseconds since it was started, by the clock that has seen more: one stands still while a machine sleeps, the other can be set back. */
export function stopwatch(): () => number {
  const [wallMs, steadyMs] = [Date.now(), performance.now()];
  return () => Math.max(Date.now() - wallMs, performance.now() - steadyMs);
}
