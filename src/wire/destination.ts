import { environmentAt, type EnvironmentName } from './environments.js';

/** The parts of a request configuration that decide where it goes. */
export interface Addressed {
  /** A string. Some versions of axios also take a URL object, here and as `baseURL`. */
  url?: unknown;
  baseURL?: string | undefined;
  allowAbsoluteUrls?: boolean | undefined;
  socketPath?: string | null | undefined;
}

/** A call to Procore's API, which gets the token. Every field is set, so that none is read from a polluted `Object.prototype`. */
export interface ProcoreDestination {
  readonly kind: 'procore';
  readonly path: string;
  /** The URL to send instead of the configuration's own, where an adapter might read that one differently. */
  readonly url: string | undefined;
  /** The same URL with the credentials in it, where the call's own URL has some. */
  readonly urlOfItsOwn: string | undefined;
  /** The base URL to send, where the configuration has none. */
  readonly baseUrl: string | undefined;
}

/** The server that a request goes to, by its final URL. */
export type Destination =
  | ProcoreDestination
  /** A call to `/oauth/…` of Procore, which gets no token. */
  | { kind: 'oauth'; url: string }
  | { kind: 'wrong-environment'; origin: string; environment: EnvironmentName; path: string }
  /** A host of Procore that is not among the allowed origins. The call gets no token, and a warning says so. */
  | { kind: 'unlisted'; origin: string }
  | { kind: 'foreign' };

/** Where the token may go. */
export interface TokenOrigins {
  /** The origins that may have the token, compared as a whole. */
  readonly allowed: ReadonlySet<string>;
  /** The base URL of calls on an instance without `baseURL`. */
  readonly apiUrl: string;
}

/** A URL with a scheme, as a URL parser reads it: it removes white space at the beginning, and tabs and line ends anywhere. */
const withScheme = /^[\s\p{Cc}]*[a-z][a-z\d+\-.\t\n\r]*:/iu;
const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i;
/** A URL without credentials, dot segments and escapes. Every parser reads it alike, and most calls have such a one, so it is not parsed. */
const plain = /^(https?:\/\/[a-z\d.:-]+)((?:\/[\w~-][\w.~-]*)*\/?)(?:[?#]|$)/;
const procoreHost = /\.(procore|procoregov)\.com$/;

/** Decides where a call goes by its final configuration, with the rules of axios's `buildFullPath`. */
export function destinationOf(config: Addressed, origins: TokenOrigins): Destination {
  // A socket leads to another server, whatever the URL says.
  if (config.socketPath) return { kind: 'foreign' };
  const requested = String((config.url as string | URL | undefined) ?? '');
  const isAbsolute = absolute.test(requested);
  // Without a base URL, `data:` and `blob:` URLs are complete as well. They lead to no server.
  const isComplete = isAbsolute || (!config.baseURL && withScheme.test(requested));
  const overridden = isAbsolute && config.allowAbsoluteUrls === false && Boolean(config.baseURL);
  const baseUrl = config.baseURL ? undefined : origins.apiUrl;
  const full =
    isComplete && !overridden ? requested : combine(String(config.baseURL || origins.apiUrl), requested);

  const [, origin, plainPath] = plain.exec(full) ?? [];
  if (origin !== undefined && plainPath !== undefined && !isOauth(plainPath) && origins.allowed.has(origin)) {
    return ours(plainPath || '/');
  }
  const parsed = parse(full);
  if (!parsed) return { kind: 'foreign' };
  if (!origins.allowed.has(parsed.origin)) return outside(parsed);
  if (isOauth(parsed.pathname)) return { kind: 'oauth', url: parsed.href };
  const path = parsed.pathname;
  return saysWhatItMeans(full, parsed.origin) ? ours(path) : readAs(parsed);

  function ours(at: string): Destination {
    // Versions of axios differ in how they combine an absolute URL or a URL object with a `baseURL`. So the whole URL is given to the adapter.
    return isAbsolute ? toProcore(at, full, undefined) : toProcore(at, undefined, baseUrl);
  }
}

/** A relative URL that is plain in the same sense, so that it leads where its base URL leads. */
const plainRelative = /^\/?[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*\/?(?:[?#]|$)/;

/** The path of a base URL of Procore's, without slashes at its end; undefined for any other URL, and for one that has to be parsed. */
export function basePathOf(baseUrl: string, origins: TokenOrigins): string | undefined {
  const [, origin, path] = plain.exec(baseUrl.replace(/\/+$/, '')) ?? [];
  return !/[?#]/.test(baseUrl) && origins.allowed.has(origin ?? '') ? path : undefined;
}

/** The path of a relative URL below that of its base URL; undefined where {@link destinationOf} has to decide. */
export function pathBelow(basePath: string, url: string): string | undefined {
  if (!plainRelative.test(url)) return undefined;
  const relative = withoutQuery(url);
  const path = `${basePath}${relative.startsWith('/') ? '' : '/'}${relative}`;
  return isOauth(path) ? undefined : path;
}

function withoutQuery(url: string): string {
  const hashAt = url.indexOf('#');
  const text = hashAt < 0 ? url : url.slice(0, hashAt);
  const queryAt = text.indexOf('?');
  return queryAt < 0 ? text : text.slice(0, queryAt);
}

/** Whether a redirect to this URL may take the token along. */
export function mayHaveToken(url: string, origins: TokenOrigins): boolean {
  const parsed = parse(url);
  return parsed !== undefined && origins.allowed.has(parsed.origin);
}

function outside(parsed: URL): Destination {
  const environment = environmentAt(parsed.origin);
  if (environment && !isOauth(parsed.pathname)) {
    return { kind: 'wrong-environment', origin: parsed.origin, environment, path: parsed.pathname };
  }
  return procoreHost.test(parsed.hostname)
    ? { kind: 'unlisted', origin: parsed.origin }
    : { kind: 'foreign' };
}

function isOauth(path: string): boolean {
  return path.startsWith('/oauth/');
}

/** The URL of a configuration as it goes to the adapter, without its `params`. */
export function fullUrlOf({ url, baseURL }: Addressed): string {
  const requested = String((url as string | URL | undefined) ?? '');
  return absolute.test(requested) || !baseURL ? requested : combine(String(baseURL), requested);
}

/** The host to which a request goes, with the port where that is not the usual one. */
export function hostOf({ url, baseURL }: Addressed, destination: Destination): string {
  if ('origin' in destination) return parse(destination.origin)?.host ?? '';
  const { url: rewritten, baseUrl } = destination as Partial<ProcoreDestination>;
  return parse(rewritten ?? fullUrlOf({ url, baseURL: baseURL || baseUrl }))?.host ?? '';
}

/** The path of a configuration's URL, without its query. */
export function pathOf(config: Addressed): string {
  const full = fullUrlOf(config);
  return (
    pathBelow('', full) ?? plain.exec(full)?.[2] ?? parse(full, 'https://api.procore.com')?.pathname ?? ''
  );
}

function combine(base: string, relative: string): string {
  return relative ? `${base.replace(/\/+$/, '')}/${relative.replace(/^\/+/, '')}` : base;
}

function parse(url: string, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

/** False for a URL that another parser might take for one of another host: with credentials, backslashes, tabs or capitals. */
function saysWhatItMeans(full: string, origin: string): boolean {
  return (
    full.startsWith(origin) && (full.length === origin.length || '/?#'.includes(full.charAt(origin.length)))
  );
}

function readAs(parsed: URL): Destination {
  const path = parsed.pathname;
  const urlOfItsOwn = parsed.href;
  parsed.username = '';
  parsed.password = '';
  const url = parsed.href;
  return { ...toProcore(path, url, undefined), urlOfItsOwn: url === urlOfItsOwn ? undefined : urlOfItsOwn };
}

/** The destination of a call to Procore's API. */
export function toProcore(
  path: string,
  url: string | undefined,
  baseUrl: string | undefined,
): ProcoreDestination {
  return { kind: 'procore', path, url, urlOfItsOwn: undefined, baseUrl };
}
