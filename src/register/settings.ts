import { environments } from '../environments.js';
import { redact } from '../observe/redact.js';
import { isCompanyId, isSecureOrigin, secureOriginTakes } from '../option-checks.js';
import type { ProcoreOptions } from '../options.js';

/** What the environment says. `file`: where the tokens are kept; `config`: the module with the options. */
export type Registration =
  | { readonly kind: 'off' }
  | { readonly kind: 'wrong'; readonly what: string }
  | {
      readonly kind: 'on';
      readonly options: Partial<ProcoreOptions>;
      readonly file: string | undefined;
      readonly config: string | undefined;
    };

/** What each variable takes, and the option that it sets. */
const variables: Record<
  string,
  { valid: (value: string) => boolean; takes: string; option?: keyof ProcoreOptions }
> = {
  PROCORE_CLIENT_ID: { valid: isAnything, takes: 'the app’s client id', option: 'clientId' },
  PROCORE_CLIENT_SECRET: { valid: isAnything, takes: 'the app’s client secret', option: 'clientSecret' },
  PROCORE_ENVIRONMENT: {
    valid: (value) => Object.hasOwn(environments, value),
    takes: `one of ${Object.keys(environments).join(', ')}`,
    option: 'environment',
  },
  PROCORE_LOGIN_URL: { valid: isOrigin, takes: secureOriginTakes },
  PROCORE_API_URL: { valid: isOrigin, takes: secureOriginTakes },
  PROCORE_GRANT: {
    valid: (value) => value === 'refresh_token' || value === 'client_credentials',
    takes: 'refresh_token or client_credentials',
    option: 'grant',
  },
  PROCORE_TOKEN_FILE: { valid: isAnything, takes: 'the path of the file in which the tokens are kept' },
  PROCORE_COMPANY_ID: { valid: isCompanyId, takes: 'a company id: digits', option: 'companyId' },
  PROCORE_REDIRECT_URI: { valid: isAnything, takes: 'the redirect URI of the app', option: 'redirectUri' },
  PROCORE_CONFIG: { valid: isAnything, takes: 'the path of a module that exports options of attachProcore' },
};

/** The variables that `axios-procore/register` reads. */
export const variableNames: readonly string[] = Object.keys(variables);

/** Reads the variables. An empty one is as good as none: container files set them so. Texts hold no secret. */
export function registrationFrom(environment: Readonly<Record<string, string | undefined>>): Registration {
  const given = new Map(
    variableNames.flatMap((name) => {
      const value = environment[name]?.trim();
      return value ? [[name, value] as const] : [];
    }),
  );
  if (given.size === 0) return { kind: 'off' };
  for (const [name, value] of given) {
    const { valid, takes } = variables[name]!;
    if (!valid(value)) return wrong(`${name} is ${shown(value)}; it takes ${takes}`);
  }
  const [loginUrl, apiUrl] = [given.get('PROCORE_LOGIN_URL'), given.get('PROCORE_API_URL')];
  if ((loginUrl === undefined) !== (apiUrl === undefined)) {
    return missing(
      loginUrl === undefined ? 'PROCORE_LOGIN_URL' : 'PROCORE_API_URL',
      'it goes with the other URL',
    );
  }
  if (loginUrl !== undefined && given.has('PROCORE_ENVIRONMENT'))
    return wrong('PROCORE_ENVIRONMENT and PROCORE_LOGIN_URL are both set; it takes one of them');

  const options = Object.fromEntries(
    [...given].flatMap(([name, value]) => {
      const { option } = variables[name]!;
      return option ? [[option, value] as const] : [];
    }),
  ) as Partial<ProcoreOptions>;
  if (loginUrl !== undefined && apiUrl !== undefined) options.environment = { loginUrl, apiUrl };
  const config = given.get('PROCORE_CONFIG');
  const file = given.get('PROCORE_TOKEN_FILE');
  // What the module does not say either is found when its options are checked.
  if (config === undefined) {
    for (const name of ['PROCORE_CLIENT_ID', 'PROCORE_CLIENT_SECRET']) {
      if (!given.has(name)) return missing(name);
    }
    if (file === undefined && options.grant !== 'client_credentials')
      return missing('PROCORE_TOKEN_FILE', 'on a disk that outlives the process');
  }
  return { kind: 'on', options, file, config };
}

/** A variable that is set and not read, but named almost as one that is not set; undefined: there is none. */
export function slipIn(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const isSet = (name: string) => Boolean(environment[name]?.trim());
  const unset = variableNames.filter((name) => !isSet(name));
  const slips = Object.keys(environment).flatMap((name) => {
    const meant = name in variables || !isSet(name) ? undefined : unset.find((one) => isSlip(name, one));
    return meant === undefined ? [] : [`${name} is set and not read: is ${meant} meant?`];
  });
  return slips.length === 0 ? undefined : slips.join(' ');
}

/** One letter too many, too few, another, or two of them swapped; underscores and case do not matter. */
function isSlip(name: string, meant: string): boolean {
  const [a, b] = [name, meant].map((one) => one.toUpperCase().replaceAll('_', '')) as [string, string];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}

function missing(name: string, more?: string): Registration {
  return wrong(
    `${name} is missing; it takes ${variables[name]!.takes}${more === undefined ? '' : `, ${more}`}`,
  );
}

function wrong(what: string): Registration {
  return { kind: 'wrong', what };
}

function isAnything(value: string): boolean {
  return value !== '';
}

/** A URL may have a password in it, and a secret may have been put into the wrong variable. */
function shown(value: string): string {
  return /[@?#]/.test(value) ? 'of the wrong form' : JSON.stringify(redact(value).slice(0, 80));
}

function isOrigin(value: string): boolean {
  try {
    return isSecureOrigin(new URL(value));
  } catch {
    return false;
  }
}
