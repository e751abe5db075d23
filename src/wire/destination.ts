import { environmentAt, type EnvironmentName } from '../environments.js';

/** The parts of a request configuration that decide where it goes. */
export interface Addressed {
  url?: string | undefined;
  baseURL?: string | undefined;
  allowAbsoluteUrls?: boolean | undefined;
  socketPath?: string | null | undefined;
}

/** Whose request this is, by its final URL. */
export type Destination =
  /** The token belongs on it. `url` is set when the request must be rewritten so that what was decided is what is sent. */
  | { kind: 'procore'; path: string; url?: string; baseUrl?: string }
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

const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i;
const procoreHost = /\.(procore|procoregov)\.com$/;

/** Decides by the final configuration; rules of axios's own `buildFullPath`. */
export function destinationOf(config: Addressed, origins: TokenOrigins): Destination {
  const requested = config.url ?? '';
  const isAbsolute = absolute.test(requested);
  const overridden = isAbsolute && config.allowAbsoluteUrls === false && Boolean(config.baseURL);
  // A socket is another server whatever the URL says, and a relative URL names none: it is no request of ours.
  if (config.socketPath && !isAbsolute && !config.baseURL) return { kind: 'foreign' };
  const baseUrl = config.baseURL ? undefined : origins.apiUrl;
  const full = isAbsolute && !overridden ? requested : combine(config.baseURL || origins.apiUrl, requested);

  const parsed = parse(full);
  if (!parsed) return { kind: 'foreign' };
  if (!origins.allowed.has(parsed.origin)) return outside(parsed);
  if (isOauth(parsed.pathname)) return { kind: 'oauth', url: parsed.href };
  const rewritten = overridden || !saysWhatItMeans(full, parsed.origin);
  return {
    kind: 'procore',
    path: parsed.pathname,
    ...(rewritten ? { url: withoutCredentials(parsed) } : baseUrl && !isAbsolute ? { baseUrl } : {}),
  };
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

function withoutCredentials(parsed: URL): string {
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
