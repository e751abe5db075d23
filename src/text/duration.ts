/** A time in words for people: `350 ms`, `1.2 s`, `12 s`, `4 min`, `3 h`. Times of which more than two digits matter are cut to that. */
export function durationInWords(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${Math.round(ms / 100) / 10} s`;
  if (ms < 99_500) return `${Math.round(ms / 1_000)} s`;
  if (ms < 99.5 * 60_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
