/** A day's name and a time: `Date.parse` takes "Retry in 5" for the year 2001. */
const form = /^[a-z]{3,9},? .*\d\d:\d\d:\d\d/i;
const withoutZone = /\d\d:\d\d:\d\d \d{4}$/;

/**
 * Reads an HTTP date, in any of its three forms (RFC 9110, section 5.6.7); undefined for anything else. The oldest form names no zone, and
 * `Date.parse` would take that of this machine: all three mean GMT.
 *
 * @returns milliseconds since the epoch.
 */
export function httpDateMs(text: string): number | undefined {
  if (!form.test(text)) return undefined;
  const atMs = Date.parse(withoutZone.test(text) ? `${text} GMT` : text);
  return Number.isFinite(atMs) ? atMs : undefined;
}
