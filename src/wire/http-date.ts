/** Requires the name of a day and a time of day, because `Date.parse` is lax: it reads "Retry in 5" as a date in the year 2001. */
const form = /^[a-z]{3,9},? .*\d\d:\d\d:\d\d/i;
const withoutZone = /\d\d:\d\d:\d\d \d{4}$/;

/**
 * Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7), which are all in GMT; undefined for anything else. The asctime
 * form names no time zone: `GMT` is added to it, because `Date.parse` would assume the zone of this machine.
 *
 * @returns milliseconds since the epoch.
 */
export function httpDateMs(text: string): number | undefined {
  if (!form.test(text)) return undefined;
  const atMs = Date.parse(withoutZone.test(text) ? `${text} GMT` : text);
  return Number.isFinite(atMs) ? atMs : undefined;
}
