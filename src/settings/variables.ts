import { environments } from '../wire/environments.js';

/** The environment variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

interface Variable {
  readonly name: string;
  /** Other names of this variable that public code uses. */
  readonly aliases: readonly string[];
  readonly takes: string;
}

/** The purposes of variables. */
export type Key =
  | 'clientId'
  | 'clientSecret'
  | 'environment'
  | 'loginUrl'
  | 'apiUrl'
  | 'allowHttp'
  | 'grant'
  | 'file'
  | 'companyId'
  | 'redirectUri'
  | 'config';

const originTakes =
  'an origin such as https://api.procore.com, without path, query or credentials (http on loopback only, unless PROCORE_ALLOW_HTTP is true)';

/** The variable for each purpose. */
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
    takes: originTakes,
  },
  apiUrl: {
    name: 'PROCORE_API_URL',
    aliases: ['PROCORE_API_BASE_URL', 'PROCORE_API_BASE', 'PROCORE_BASE_URL'],
    takes: originTakes,
  },
  allowHttp: {
    name: 'PROCORE_ALLOW_HTTP',
    aliases: [],
    takes: 'true or false',
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
/** The other names that are understood, by the name of the variable. */
export const aliases: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values(variables).map(({ name, aliases }) => [name, aliases]),
);
/** The variable for the log level. */
export const logVariable = 'AXIOS_PROCORE_LOG';

/** A variable with this prefix is read by axios-procore alone. */
export const prefix = 'AXIOS_';

/** A variable that is set. */
export interface Given {
  readonly name: string;
  readonly value: string;
  /** True for a variable with the prefix, which can only be meant for axios-procore. */
  readonly isOurs: boolean;
}

/** The variables that are set for a purpose, in order of preference. Those without the prefix count only where none with it is set. */
export function givenIn(environment: Variables, key: Key): readonly Given[] {
  const names = namesOf(key);
  const set = (isOurs: boolean) => (name: string) => {
    const value = valueOf(environment[name]);
    return value === undefined ? [] : [{ name, value, isOurs }];
  };
  const ours = names.map((name) => prefix + name).flatMap(set(true));
  return ours.length > 0 ? ours : names.flatMap(set(false));
}

/** The names of all variables that are read. */
export const readNames: ReadonlySet<string> = new Set([
  logVariable,
  ...(Object.keys(variables) as Key[]).flatMap(namesOf).flatMap((name) => [name, prefix + name]),
]);

function namesOf(key: Key): readonly string[] {
  const { name, aliases } = variables[key];
  return [name, ...aliases];
}

/** A value without surrounding white space and without the quotes that a container's env file keeps. */
function valueOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  const inner = /^(["'])([^]*)\1$/.exec(trimmed)?.[2];
  return (inner ?? trimmed).trim() || undefined;
}
