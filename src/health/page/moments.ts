const dayMs = 86_400_000;

/** A moment as it is read: `2026-06-30 12:00:05`. */
export function readable(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)}`;
}

/** A moment below a chart that spans so long: as short as it can be, and on two lines where it needs the date. */
export function shortMoment(atMs: number, spanMs: number): string {
  const at = new Date(atMs).toISOString();
  if (spanMs > 6 * dayMs) return at.slice(5, 10);
  if (spanMs > dayMs) return `${at.slice(5, 10)}\n${at.slice(11, 16)}`;
  return spanMs > 3_600_000 ? at.slice(11, 16) : at.slice(11, 19);
}

/** A length of time: `340 ms`, `4.9 s`, `2 min 5 s`, `3 h 20 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${tenths / 10} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return parts(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(ms / 60_000);
  return parts(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function parts(large: number, unit: string, small: number, smallUnit: string): string {
  return `${large.toLocaleString('en')} ${unit}${small === 0 ? '' : ` ${small} ${smallUnit}`}`;
}
