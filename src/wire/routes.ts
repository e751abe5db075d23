import { singularOf } from './singular.js';

/** The forms of an id in a path. Each has a digit, so that no name of a resource is taken for an id. */
const ids: readonly RegExp[] = [
  // Procore's own ids, which may exceed 32 bits, and lists of them.
  /^\d+(,\d+)*$/,
  /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  // A ULID is 128 bits in base 32, so its first digit is 7 at most.
  /^[0-7][\da-hjkmnp-tv-z]{25}$/i,
  /^(?=.*\d)[\da-f]{16,}$/i,
];
/** What stands before the resources: `rest`, `vapid`, and versions such as `v1.0`. */
const root = /^(rest|vapid|v\d+(\.\d+)?)$/;
/** The format that Rails takes at the end of a path. */
const format = /^(.+?)(\.(?:json|csv|pdf|xlsx?|xml|html))$/i;

/**
 * The normalised route of a path, in the form of Procore's "API Call Activity Report": each id is replaced by the name of a parameter,
 * which is the singular of the resource before it, and `:id` at the end. `/rest/v1.0/projects/12/rfis/5` gives
 * `/rest/v1.0/projects/:project_id/rfis/:id`. A route stays as it is.
 */
export function routeOf(path: string): string {
  const [, plain = ''] = /^([^?#]*)/.exec(path) ?? [];
  const segments = plain.split('/').filter((segment) => segment !== '');
  return `/${segments.map((segment, index) => routeSegment(segment, segments, index)).join('/')}`;
}

function routeSegment(segment: string, segments: readonly string[], index: number): string {
  // Nearly all names have no digit, and need not be compared with each form.
  if (!/\d/.test(segment)) return segment;
  const [, name = segment, ending = ''] = format.exec(segment) ?? [];
  if (!isId(name)) return segment;
  const before = segments[index - 1];
  if (index === segments.length - 1 || before === undefined) return `:id${ending}`;
  return `:${parameterAfter(before)}${ending}`;
}

/** Whether a segment of a path is an id: a number, a UUID, a ULID, or 16 or more hex digits. */
export function isId(segment: string): boolean {
  return ids.some((form) => form.test(segment));
}

function parameterAfter(resource: string): string {
  const name = resource.replaceAll('-', '_');
  return root.test(name) || !/^[a-z]\w*$/i.test(name) ? 'id' : `${singularOf(name)}_id`;
}
