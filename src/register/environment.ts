import { environments, legacyProductionOrigin, type EnvironmentName } from '../wire/environments.js';
import type { ProcoreOptions } from '../options/options.js';
import { isSecureOrigin } from '../options/checks.js';
import { ownValue } from '../wire/prototype-pollution.js';

/** A variable that may say which environment it is. */
export interface Hint {
  readonly name: string;
  readonly role: 'environment' | 'apiUrl' | 'loginUrl';
  readonly value: string;
  /** Whether an origin that is not Procore's may stand in it: only where the variable is documented as ours. */
  readonly mayBeOther: boolean;
}

/** `left`: the variables that say nothing of Procore's; `conflict`: what two of them contradict each other in. */
export interface EnvironmentFound {
  readonly environment: ProcoreOptions['environment'];
  readonly left: readonly string[];
  readonly conflict?: string;
  /** The URL that would make a pair with the one that is there. */
  readonly missing?: 'apiUrl' | 'loginUrl';
}

/**
 * What public code calls the environments, without case, spaces, hyphens and underscores. Where a word may mean several, a URL beside it
 * decides; without one it is the first.
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
  // They may be the application's own stage, whose URLs are another environment's.
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
/** Below these the API and the token endpoint lie; another path belongs to something else. */
const procorePath = /^\/(?:oauth(?:\/(?:token|authorize))?|rest(?:\/v\d+(?:\.\d+)?)?|vapid)?\/?$/;
const loopback = /^http:/;

interface Reading {
  readonly hint: Hint;
  readonly may: readonly EnvironmentName[] | undefined;
  readonly origin: string | undefined;
}

/** Finds the environment that the variables name, by word or by URL. A value is never part of what is said. */
export function environmentFrom(hints: readonly Hint[]): EnvironmentFound {
  const readings = hints.map(readingOf);
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

/** Two origins of which one at least is not Procore's: an emulator, a gateway. */
function pairOf(readings: readonly Reading[]): [login: Reading, api: Reading] | undefined {
  const [login, api] = (['loginUrl', 'apiUrl'] as const).map((role) =>
    readings.find(({ hint, origin }) => hint.role === role && origin !== undefined),
  );
  return login && api && !(login.may && api.may) ? [login, api] : undefined;
}

function withPair(readings: readonly Reading[], [login, api]: [Reading, Reading]): EnvironmentFound {
  const environment = { loginUrl: login.origin!, apiUrl: api.origin! };
  const others = readings.filter((one) => one !== login && one !== api);
  const known = login.may ?? api.may;
  const against = others.filter(({ may }) => !may || !known || !may.some((name) => known.includes(name)));
  // What stays on this machine may stand beside any name: an emulator for a test of the application.
  const isHere = [login, api].every(({ origin }) => loopback.test(origin!));
  const conflicting = isHere ? undefined : against.find(({ may }) => may);
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

function readingOf(hint: Hint): Reading {
  const { value } = hint;
  const url = urlOf(value);
  const may = url ? named(url) : ownValue(words, value.toLowerCase().replace(/[^a-z]/g, ''));
  return { hint, may, origin: url && hint.mayBeOther ? originOf(url, may !== undefined) : undefined };
}

/** A host without a scheme is Procore's or none of ours. */
function urlOf(value: string): URL | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(value) && !/^[\w-]+(?:\.[\w-]+)*\.procore(?:gov)?\.com\b/i.test(value))
    return undefined;
  try {
    return new URL(value.includes('://') ? value : `https://${value}`);
  } catch {
    return undefined;
  }
}

/** By its host alone: the path, the scheme and what else there is are the application's affair. */
function named({ hostname }: URL): readonly EnvironmentName[] | undefined {
  const origin = `https://${hostname}`;
  if (origin === legacyProductionOrigin) return ['production'];
  const found = Object.entries(environments).find(([, urls]) => Object.values(urls).includes(origin));
  return found && [found[0] as EnvironmentName];
}

function originOf(url: URL, isProcore: boolean): string | undefined {
  if (isProcore) return `https://${url.hostname}`;
  if (!procorePath.test(url.pathname)) return undefined;
  const bare = new URL(url);
  bare.pathname = '/';
  return isSecureOrigin(bare) ? url.origin : undefined;
}
