import { environments, legacyProductionOrigin, type EnvironmentName } from '../wire/environments.js';
import type { ProcoreOptions } from '../options/options.js';
import { isSecureOrigin } from '../options/secure-origin.js';
import { ownValue } from '../wire/prototype-pollution.js';

/** A variable that may tell the environment. */
export interface Hint {
  readonly name: string;
  readonly role: 'environment' | 'apiUrl' | 'loginUrl';
  readonly value: string;
  /** Whether its value may be an origin that is not Procore's. That is so only for variables that this package documents. */
  readonly mayBeOther: boolean;
}

/** `left` are the variables that name no Procore environment; `conflict` are two that contradict each other. */
export interface EnvironmentFound {
  readonly environment: ProcoreOptions['environment'];
  readonly left: readonly string[];
  readonly conflict?: string;
  /** The URL that is missing where only one of the two was given. */
  readonly missing?: 'apiUrl' | 'loginUrl';
}

/**
 * The names of environments in public code, in lower case and without spaces, hyphens and underscores. Where a name may mean several
 * environments, a URL in another variable decides; without one the first is meant.
 */
const words: Readonly<Record<string, readonly EnvironmentName[]>> = {
  production: ['production', 'federal'],
  prod: ['production', 'federal'],
  prd: ['production', 'federal'],
  live: ['production', 'federal'],
  sandbox: ['developer-sandbox', 'monthly-sandbox'],
  sbx: ['developer-sandbox', 'monthly-sandbox'],
  developersandbox: ['developer-sandbox'],
  developmentsandbox: ['developer-sandbox'],
  devsandbox: ['developer-sandbox'],
  sandboxdeveloper: ['developer-sandbox'],
  sandboxdev: ['developer-sandbox'],
  // These names may be those of the application's own stage, which uses any environment of Procore.
  development: ['developer-sandbox', 'monthly-sandbox', 'production', 'federal'],
  developer: ['developer-sandbox', 'monthly-sandbox', 'production', 'federal'],
  dev: ['developer-sandbox', 'monthly-sandbox', 'production', 'federal'],
  monthly: ['monthly-sandbox'],
  monthlysandbox: ['monthly-sandbox'],
  sandboxmonthly: ['monthly-sandbox'],
  federal: ['federal'],
  government: ['federal'],
  gov: ['federal'],
  usgov: ['federal'],
  govcloud: ['federal'],
};
/** The paths of the API and of the token endpoint. A URL with another path is not that of an environment. */
const procorePath = /^\/(?:oauth(?:\/(?:token|authorize))?|rest(?:\/v\d+(?:\.\d+)?)?|vapid)?\/?$/;
const http = /^http:/;

interface Reading {
  readonly hint: Hint;
  readonly may: readonly EnvironmentName[] | undefined;
  readonly origin: string | undefined;
}

/**
 * Finds the environment that the variables name, by a word or a URL. Messages never quote a value. `allowHttp`: the URLs of a server that is
 * not Procore's may be http.
 */
export function environmentFrom(hints: readonly Hint[], allowHttp: boolean): EnvironmentFound {
  const readings = hints.map((hint) => readingOf(hint, allowHttp));
  const pair = pairOf(readings);
  if (pair) return withPair(readings, pair);
  const understood = readings.filter(({ may }) => may !== undefined);
  const left = readings.filter(({ may }) => may === undefined);
  const names = left.map(({ hint }) => hint.name);
  let common = understood[0]?.may;
  for (const { hint, may } of understood) {
    const both = common!.filter((name) => may!.includes(name));
    if (both.length === 0) {
      const [other] = understood.filter((one) => !one.may!.some((name) => may!.includes(name)));
      return { environment: undefined, left: names, conflict: conflictOf(other!, { hint, may }) };
    }
    common = both;
  }
  const half = common ? undefined : left.find(({ origin }) => origin !== undefined);
  return {
    environment: common?.[0],
    left: names,
    ...(half ? { missing: half.hint.role === 'apiUrl' ? 'loginUrl' : 'apiUrl' } : {}),
  };
}

/** The two URLs of an environment that is not Procore's own, such as an emulator or a gateway. */
function pairOf(readings: readonly Reading[]): [login: Reading, api: Reading] | undefined {
  const [login, api] = (['loginUrl', 'apiUrl'] as const).map((role) =>
    readings.find(({ hint, origin }) => hint.role === role && origin !== undefined),
  );
  return login && api && !(login.may && api.may) ? [login, api] : undefined;
}

function withPair(readings: readonly Reading[], [login, api]: [Reading, Reading]): EnvironmentFound {
  const urls = { loginUrl: login.origin!, apiUrl: api.origin! };
  const isSecure = Object.values(urls).every((origin) => isSecureOrigin(new URL(origin)));
  const environment = { ...urls, ...(!isSecure && { allowHttp: true }) };
  const others = readings.filter((one) => one !== login && one !== api);
  const known = login.may ?? api.may;
  const against = others.filter(({ may }) => !may || !known || !may.some((name) => known.includes(name)));
  // URLs over http contradict no name of an environment, because an emulator may be used with the application's own settings.
  const isEmulator = [login, api].every(({ origin }) => http.test(origin!));
  const conflicting = isEmulator ? undefined : against.find(({ may }) => may);
  return {
    environment,
    left: against.filter((one) => one !== conflicting).map(({ hint }) => hint.name),
    ...(conflicting ? { conflict: conflictOf(conflicting, login.may ? api : login) } : {}),
  };
}

function conflictOf(one: Pick<Reading, 'hint' | 'may'>, other: Pick<Reading, 'hint' | 'may'>): string {
  const [first, second] = [one, other].map(({ may }) => may?.[0] ?? 'no environment of Procore’s');
  return `${one.hint.name} and ${other.hint.name} are both set, and do not agree: the first names ${first}, the second ${second}`;
}

function readingOf(hint: Hint, allowHttp: boolean): Reading {
  const { value } = hint;
  const url = urlOf(value);
  const may = url ? named(url) : ownValue(words, value.toLowerCase().replace(/[^a-z]/g, ''));
  const origin = url && hint.mayBeOther ? originOf(url, may !== undefined, allowHttp) : undefined;
  return { hint, may, origin };
}

/** Parses a URL. A host without a scheme is accepted only where it is one of Procore's. */
function urlOf(value: string): URL | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(value) && !/^[\w-]+(?:\.[\w-]+)*\.procore(?:gov)?\.com\b/i.test(value))
    return undefined;
  try {
    return new URL(value.includes('://') ? value : `https://${value}`);
  } catch {
    return undefined;
  }
}

/** The environments with this host, whatever scheme and path the URL has. */
function named({ hostname }: URL): readonly EnvironmentName[] | undefined {
  const origin = `https://${hostname}`;
  if (origin === legacyProductionOrigin) return ['production'];
  const found = Object.entries(environments).find(([, urls]) => Object.values(urls).includes(origin));
  return found && [found[0] as EnvironmentName];
}

function originOf(url: URL, isProcore: boolean, allowHttp: boolean): string | undefined {
  if (isProcore) return `https://${url.hostname}`;
  if (!procorePath.test(url.pathname)) return undefined;
  const bare = new URL(url);
  bare.pathname = '/';
  return isSecureOrigin(bare, allowHttp) ? url.origin : undefined;
}
