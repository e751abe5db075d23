import {
  basePathOf,
  destinationOf,
  pathBelow,
  toProcore,
  type Addressed,
  type Destination,
  type TokenOrigins,
} from '../wire/destination.js';

/** How many base URLs are remembered. An application has few, but one that makes a new one for each call must not fill the memory. */
const mostBaseUrls = 100;

/**
 * Creates {@link destinationOf} for one set of origins. It remembers where base URLs lead, because most calls have a relative URL and a base
 * URL that was met before.
 */
export function createDestinations(origins: TokenOrigins): (config: Addressed) => Destination {
  const basePaths = new Map<string, string | undefined>();

  function remembered(baseUrl: string): string | undefined {
    const known = basePaths.get(baseUrl);
    if (known !== undefined || basePaths.has(baseUrl)) return known;
    const basePath = basePathOf(baseUrl, origins);
    if (basePaths.size >= mostBaseUrls) basePaths.clear();
    basePaths.set(baseUrl, basePath);
    return basePath;
  }

  return (config) => {
    const { url, baseURL } = config;
    const isText = typeof url === 'string' && (!baseURL || typeof baseURL === 'string');
    const basePath = isText && !config.socketPath ? remembered(baseURL || origins.apiUrl) : undefined;
    const path = basePath === undefined ? undefined : pathBelow(basePath, url as string);
    if (path === undefined) return destinationOf(config, origins);
    return toProcore(path, undefined, baseURL ? undefined : origins.apiUrl);
  };
}
