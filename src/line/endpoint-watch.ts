import type { Events } from '../observe/events.js';
import { endpointList, isKnownDeprecated } from '../wire/endpoints.js';
import { routeOf } from '../wire/routes.js';

/** How many routes are told. A path may have names where nobody sees that they are ids, and each would be a route. */
export const mostRoutesTold = 100;

/**
 * Creates the look at the endpoint of each call: it warns, once for each route, of those under `/vapid` and of those that the option
 * `deprecatedEndpoints` names. Nothing in an answer marks a deprecated endpoint.
 */
export function createEndpointWatch({
  deprecated,
  warnOnce,
}: {
  deprecated: readonly string[];
  warnOnce: Events['warnOnce'];
}): (method: string | undefined, path: string) => void {
  const isListed = endpointList(deprecated);
  const told = new Set<string>();
  return (method = 'get', path) => {
    const isVapid = isKnownDeprecated(path);
    if ((!isVapid && !isListed(method, path)) || told.size >= mostRoutesTold) return;
    const route = routeOf(path);
    if (told.has(route)) return;
    told.add(route);
    const named = `${method.toUpperCase()} ${route}`;
    // Source: Procore, "Vapid API Deprecation": all of its endpoints are also there under /rest/v1.0, with the same functionality.
    const what = isVapid
      ? `is deprecated, and Procore ends everything under /vapid: call ${route.replace(/^\/vapid/, '/rest/v1.0')}, which does the same`
      : 'is in your option "deprecatedEndpoints": move its calls to the endpoint that replaces it, before Procore removes it and they fail';
    warnOnce('deprecated-endpoint', route, `${named} ${what}`);
  };
}
