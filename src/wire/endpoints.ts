import type { Field } from '../text/fields.js';
import { routeOf } from './routes.js';

/** An endpoint in a list of the user's. */
interface ListedEndpoint {
  /** Undefined for every method. */
  readonly method: string | undefined;
  readonly route: string;
  /** True for everything below the route. */
  readonly isBelow: boolean;
}

/** Tells of an endpoint, by its method and its path or route, whether it is in a list. */
export type EndpointList = (method: string, route: string) => boolean;

/**
 * A list of endpoints as its user writes it: a route, normalised or not, with a method in front where it counts for that one only, and
 * with `/*` at the end for all routes below it. Names of parameters do not matter, nor does the `/rest` that Procore's report leaves out.
 */
export function endpointList(written: readonly string[]): EndpointList {
  const listed = written.map(listedEndpoint);
  if (listed.length === 0) return () => false;
  // Nearly all calls are of other endpoints. This one comparison tells so, and takes less time than to normalise their paths.
  const resembling = new RegExp(`^(?:/+rest)?(?:${listed.map(shapeOf).join('|')})`);
  return (method, route) => {
    if (!resembling.test(route)) return false;
    const plain = comparable(route);
    return listed.some(
      (one) =>
        (one.method === undefined || one.method === method.toUpperCase()) &&
        (one.isBelow ? plain.startsWith(`${one.route}/`) : plain === one.route),
    );
  };
}

/** The source of an expression that each path of the endpoint begins with; others may begin with it, too. */
function shapeOf({ route, isBelow }: ListedEndpoint): string {
  const segments = route.split('/').filter((segment) => segment !== '');
  const shapes = segments.map((segment) => `/+${literally(segment).replaceAll(':', '[^/?#]+')}`);
  return `${shapes.join('')}${isBelow ? '/' : '/*(?:[?#]|$)'}`;
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const form = /^([A-Za-z]+ +)?\/\S*$/;
/** The valid values of an option that is such a list. */
export const endpointsField: Field = [
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && form.test(one)),
  'an array of routes that begin with "/", each with a method in front where it counts for that one only',
  (value) => (typeof value === 'string' ? 'Put it into an array' : undefined),
];

function listedEndpoint(written: string): ListedEndpoint {
  const [, method, path = ''] = /^(?:([A-Za-z]+) +)?(\S*)$/.exec(written) ?? [];
  const isBelow = path.endsWith('/*');
  return {
    method: method?.toUpperCase(),
    route: comparable(isBelow ? path.slice(0, -2) : path),
    isBelow,
  };
}

function comparable(route: string): string {
  return routeOf(route)
    .replace(/^\/(rest)?$|^\/rest(?=\/)/, '')
    .replace(/:\w+/g, ':');
}

/** True for the oldest of Procore's deprecated endpoints. Which others are deprecated, nothing in an answer tells. */
export function isKnownDeprecated(route: string): boolean {
  return /^\/vapid(\/|$)/.test(route);
}

/** True for a route outside of the published API: its routes begin with a version, those of the oldest with `/vapid`. */
export function isOutsideOfPublished(route: string): boolean {
  return route.startsWith('/') && !/^(\/rest)?\/v\d+(\.\d+)?(\/|$)|^\/(vapid|oauth)(\/|$)/.test(route);
}

/** True for the two calls that belong to no company, and need no `Procore-Company-Id`. */
export function isOfNoCompany(route: string): boolean {
  return /^(\/rest)?\/v\d+(\.\d+)?\/(me|companies)$|^\/vapid\/(me|companies)$|^\/oauth\//.test(route);
}
