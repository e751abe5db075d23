import { environmentAt, type EnvironmentName } from './environments.js';

/** The parts of a request configuration that decide where it goes. */
export interface Addressed {
  /** A string; some versions of axios take a URL object too, as they do for `baseURL`. */
  url?: unknown;
  baseURL?: string | undefined;
  allowAbsoluteUrls?: boolean | undefined;
  socketPath?: string | null | undefined;
}

/** The token belongs on it. All are values of its own: nobody must read what every object seems to have. */
export interface ProcoreDestination {
  readonly kind: 'procore';
  readonly path: string;
  /** Set when the request must be rewritten so that what was decided is what is sent. */
  readonly url: string | undefined;
  /** The same with the credentials that the call has in it, if it has any. */
  readonly urlOfItsOwn: string | undefined;
  /** Set when the configuration has none. */
  readonly baseUrl: string | undefined;
}

/** Whose request this is, by its final URL. */
export type Destination =
  | ProcoreDestination
  /** Procore's own `/oauth/…`: passes untouched. */
  | { kind: 'oauth'; url: string }
  | { kind: 'wrong-environment'; origin: string; environment: EnvironmentName; path: string }
  /** A Procore host that is not listed: untouched, worth a warning. */
  | { kind: 'unlisted'; origin: string }
  | { kind: 'foreign' };

/** Where the token may go. */
export interface TokenOrigins {
  /** Exact origins. */
  readonly allowed: ReadonlySet<string>;
  /** Where a relative URL goes on an instance without `baseURL`. */
  readonly apiUrl: string;
}

/** A URL parser takes off white space before a URL, and tabs and line ends anywhere. */
const withScheme = /^[\s\p{Cc}]*[a-z][a-z\d+\-.\t\n\r]*:/iu;
const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i;
/** What every URL parser reads alike: no credentials, no dot segment, nothing escaped. Most calls are so, and need no parser. */
const plain = /^(https?:\/\/[a-z\d.:-]+)((?:\/[\w~-][\w.~-]*)*\/?)(?:[?#]|$)/;
const procoreHost = /\.(procore|procoregov)\.com$/;

/** Decides by the final configuration; rules of axios's own `buildFullPath`. */
export function destinationOf(config: Addressed, origins: TokenOrigins): Destination {
  // A socket is another server, whatever the URL says.
  if (config.socketPath) return { kind: 'foreign' };
  const requested = String((config.url as string | URL | undefined) ?? '');
  const isAbsolute = absolute.test(requested);
  // `data:`, `blob:`: no request at all.
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
    // Versions of axios differ in what they make of an absolute URL beside a baseURL, or of a URL object: they are not asked.
    return isAbsolute ? toProcore(at, full, undefined) : toProcore(at, undefined, baseUrl);
  }
}

/** A relative URL that is plain in the same sense, so that what follows from its base URL follows for it. */
const plainRelative = /^\/?[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*\/?(?:[?#]|$)/;

/** The path of a base URL at Procore, without slashes at its end; undefined for any other, and for one that needs a parser. */
export function basePathOf(baseUrl: string, origins: TokenOrigins): string | undefined {
  const [, origin, path] = plain.exec(baseUrl.replace(/\/+$/, '')) ?? [];
  return !/[?#]/.test(baseUrl) && origins.allowed.has(origin ?? '') ? path : undefined;
}

/** The path of a relative URL below it; undefined where {@link destinationOf} has to be asked. */
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

/** Whether a URL, as a redirect names it, is one that may have the token. */
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
  return absolute.test(requested) || !baseURL ? requested : combine(baseURL, requested);
}

/** The host to which a request goes, with the port where that is not the usual one. */
export function hostOf(config: Addressed, destination: Destination): string {
  if ('origin' in destination) return parse(destination.origin)?.host ?? '';
  const { url, baseUrl } =
    destination.kind === 'procore' ? destination : { url: undefined, baseUrl: undefined };
  return parse(url ?? fullUrlOf({ ...config, baseURL: config.baseURL || baseUrl }))?.host ?? '';
}

function combine(base: string, relative: string): string {
  return relative ? `${base.replace(/\/+$/, '')}/${relative.replace(/^\/+/, '')}` : base;
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

/** False for spellings that another URL parser might read as another host: credentials, back-slashes, tabs, upper case. */
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

/** A request that the token belongs on. */
export function toProcore(
  path: string,
  url: string | undefined,
  baseUrl: string | undefined,
): ProcoreDestination {
  return { kind: 'procore', path, url, urlOfItsOwn: undefined, baseUrl };
}
