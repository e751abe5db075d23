import { environments } from '../wire/environments.js';
import { secureOriginTakes } from '../options/checks.js';

/** What a process has in its environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

interface Variable {
  readonly name: string;
  /** Other names for the same, in public code. */
  readonly aliases: readonly string[];
  readonly takes: string;
}

/** What a variable is for. */
export type Key =
  | 'clientId'
  | 'clientSecret'
  | 'environment'
  | 'loginUrl'
  | 'apiUrl'
  | 'grant'
  | 'file'
  | 'companyId'
  | 'redirectUri'
  | 'config';

/** What each takes. */
export const variables: Readonly<Record<Key, Variable>> = {
  clientId: { name: 'PROCORE_CLIENT_ID', aliases: [], takes: 'the app’s client id' },
  clientSecret: { name: 'PROCORE_CLIENT_SECRET', aliases: [], takes: 'the app’s client secret' },
  environment: {
    name: 'PROCORE_ENVIRONMENT',
    aliases: ['PROCORE_ENV', 'PROCORE_SANDBOX', 'PROCORE_USE_SANDBOX', 'PROCORE_IS_SANDBOX'],
    takes: `one of ${Object.keys(environments).join(', ')}`,
  },
  loginUrl: {
    name: 'PROCORE_LOGIN_URL',
    aliases: [
      'PROCORE_LOGIN_BASE_URL',
      'PROCORE_OAUTH_URL',
      'PROCORE_OAUTH_BASE_URL',
      'PROCORE_OAUTH_BASE',
      'PROCORE_AUTH_URL',
      'PROCORE_AUTH_BASE_URL',
      'PROCORE_AUTH_BASE',
      'PROCORE_TOKEN_URL',
    ],
    takes: secureOriginTakes,
  },
  apiUrl: {
    name: 'PROCORE_API_URL',
    aliases: ['PROCORE_API_BASE_URL', 'PROCORE_API_BASE', 'PROCORE_BASE_URL'],
    takes: secureOriginTakes,
  },
  grant: {
    name: 'PROCORE_GRANT',
    aliases: ['PROCORE_GRANT_TYPE'],
    takes: 'refresh_token or client_credentials',
  },
  file: {
    name: 'PROCORE_TOKEN_FILE',
    aliases: [],
    takes: 'the path of the file in which the tokens are kept',
  },
  companyId: {
    name: 'PROCORE_COMPANY_ID',
    aliases: ['PROCORE_COMPANY'],
    takes: 'a company id: digits',
  },
  redirectUri: {
    name: 'PROCORE_REDIRECT_URI',
    aliases: ['PROCORE_REDIRECT_URL', 'PROCORE_OAUTH_REDIRECT_URI', 'PROCORE_CALLBACK_URL'],
    takes: 'the redirect URI of the app',
  },
  config: {
    name: 'PROCORE_CONFIG',
    aliases: [],
    takes: 'the path of a module that exports options of attachProcore',
  },
};

/** The variables that `axios-procore/register` reads. */
export const variableNames: readonly string[] = Object.values(variables).map(({ name }) => name);
/** What else it understands, by the name that it stands for. */
export const aliases: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values(variables).map(({ name, aliases }) => [name, aliases]),
);
/** How much is told on stderr. */
export const logVariable = 'AXIOS_PROCORE_LOG';

/** Before a name of the above: axios-procore alone reads it. */
export const prefix = 'AXIOS_';

/** A variable that is set. */
export interface Given {
  readonly name: string;
  readonly value: string;
  /** It is for axios-procore alone, and has nothing else to mean. */
  readonly isOurs: boolean;
}

/** What is set for this, the first first. The application's own count where nothing is set for axios-procore alone. */
export function givenIn(environment: Variables, key: Key): readonly Given[] {
  const names = namesOf(key);
  const set = (isOurs: boolean) => (name: string) => {
    const value = valueOf(environment[name]);
    return value === undefined ? [] : [{ name, value, isOurs }];
  };
  const ours = names.map((name) => prefix + name).flatMap(set(true));
  return ours.length > 0 ? ours : names.flatMap(set(false));
}

/** Every name that is read. */
export const readNames: ReadonlySet<string> = new Set([
  logVariable,
  ...(Object.keys(variables) as Key[]).flatMap(namesOf).flatMap((name) => [name, prefix + name]),
]);

function namesOf(key: Key): readonly string[] {
  const { name, aliases } = variables[key];
  return [name, ...aliases];
}

/** White space around it, and the quotes that a container's env file keeps, are no part of it. */
function valueOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  const inner = /^(["'])([^]*)\1$/.exec(trimmed)?.[2];
  return (inner ?? trimmed).trim() || undefined;
}
