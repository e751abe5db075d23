import { match } from './libraries.js';

/** A route by its method (`'any'` for all) and a path in the notation of Express, such as `/rest/v:version/projects/:id`. */
export interface Routed {
  readonly method: string;
  readonly path: string;
}

/** The route of a request, and the values of the parameters in its path. */
interface Found<Route> {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the first route for a method and a path. A route with GET answers HEAD as well. */
export type Router<Route> = (method: string, path: string) => Found<Route> | undefined;

/** Whether a path can be parsed. */
export function isPath(path: string): boolean {
  try {
    return Boolean(match(path));
  } catch {
    return false;
  }
}

type Find = ReturnType<typeof match<Record<string, string | string[]>>>;
/** By path, for all emulators of a process: most of their routes are the same. */
const compiledPaths = new Map<string, Find>();

function compile(path: string): Find {
  let find = compiledPaths.get(path);
  if (!find) compiledPaths.set(path, (find = match(path, { decode, sensitive: true })));
  return find;
}

/** Compiles the paths of routes. */
export function createRouter<Route extends Routed>(routes: readonly Route[]): Router<Route> {
  const compiled = routes.map((route) => ({ route, find: compile(route.path) }));
  return (method, path) => {
    const asked = method === 'HEAD' ? 'GET' : method;
    for (const { route, find } of compiled) {
      if (route.method !== 'any' && route.method !== asked) continue;
      const found = find(path);
      if (found) return { route, params: joined(found.params) };
    }
    return undefined;
  };
}

/** A wildcard matches several segments: its value is the rest of the path. */
function joined(params: Partial<Record<string, string | string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value = '']) => [
      name,
      typeof value === 'string' ? value : value.join('/'),
    ]),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
