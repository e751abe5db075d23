/** A duration in words, rounded down: `1 h 29 min`, `45 s`. */
export function lengthOf(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** A moment in words, and how far away it is: `2026-06-30 12:00:00 UTC, in 1 h 29 min`. */
export function momentOf(at: Date, nowMs: number): string {
  const leftMs = at.getTime() - nowMs;
  const text = `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return leftMs < 0 ? `${text}, ${lengthOf(leftMs)} ago` : `${text}, in ${lengthOf(leftMs)}`;
}

/** A number with the right form of its noun. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** The text as one line, with a full stop, but not behind a command that somebody may copy. */
export function sentence(text: string): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
  return /[.?!]$|\bRun: [^.]+$/.test(line) ? line : `${line}.`;
}
