import { environments } from '../wire/environments.js';
import type { ProcoreOptions } from '../options/options.js';
import { isCompanyId } from '../wire/company.js';
import { environmentFrom, type EnvironmentFound, type Hint } from './environment.js';
import { readPath, type Place } from './paths.js';
import { givenIn, prefix, variables, type Given, type Key, type Variables } from './variables.js';

/** A variable that is missing or wrong. `option` is the option in PROCORE_CONFIG that can replace it. */
export interface Fault {
  readonly option: keyof ProcoreOptions | undefined;
  readonly what: string;
}

/** A path and the variable that it was read from, which is set to the absolute path for child processes. */
export interface GivenPath {
  readonly name: string;
  readonly path: string;
  /** True where the value certainly is a path; otherwise it may be a secret. */
  readonly mayBeShown: boolean;
}

/** The result of reading the environment. `file` is the path of the tokens, `config` that of the module with the options. */
export type Registration =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      readonly options: Partial<ProcoreOptions>;
      readonly file: GivenPath | undefined;
      readonly config: GivenPath | undefined;
      /** What is missing or wrong. It ends the process unless PROCORE_CONFIG contains it. */
      readonly faults: readonly Fault[];
      /** A line for each variable that is not used. */
      readonly notes: readonly string[];
      /** The variables that were read. */
      readonly read: readonly string[];
      /** The variables with a value of a wrong kind, which may be a secret in the wrong place. */
      readonly misplaced: readonly string[];
    };

/** Register does nothing in a process in which none of these is set. */
const telling: readonly Key[] = ['clientId', 'clientSecret', 'file', 'config'];

const noStore: Fault = {
  option: 'store',
  what: 'there is no token store; set PROCORE_TOKEN_FILE to the path of a file on a disk that outlives the process',
};

/** Reads the variables. An empty one counts as not set, because container files set variables so. Messages quote no value. */
export function registrationFrom(environment: Variables, place: Place): Registration {
  const given = (key: Key) => givenIn(environment, key);
  const keys = Object.keys(variables) as Key[];
  if (!keys.some((key) => given(key).some(({ isOurs }) => isOurs || telling.includes(key))))
    return { kind: 'off' };

  const faults: Fault[] = [];
  const notes: string[] = [];
  const read: string[] = [];
  const misplaced: string[] = [];
  const unread = (key: Key, { name, isOurs }: Given, option?: keyof ProcoreOptions) => {
    const { takes, name: own } = variables[key];
    misplaced.push(name);
    if (isOurs) faults.push({ option, what: `${name} is of the wrong form; it takes ${takes}` });
    else
      notes.push(
        `${name} is left to the application: it is not ${takes}. Where one is meant, ${prefix}${own} goes first`,
      );
  };
  /** The first of the key's variables with a valid value. */
  function take<T>(key: Key, parse: (value: string) => T | undefined): T | undefined {
    for (const one of given(key)) {
      const value = parse(one.value);
      if (value !== undefined) {
        read.push(one.name);
        return value;
      }
      unread(key, one, key as keyof ProcoreOptions);
    }
    return undefined;
  }
  /** Whether everything needed is set under the names with the prefix. Then other names are left to the application. */
  function isWholeByOurs(): boolean {
    return (['clientId', 'clientSecret', 'file'] as const).every((key) => given(key)[0]?.isOurs);
  }
  function takePath(key: 'file' | 'config'): GivenPath | undefined {
    const [one] = given(key);
    if (!one) return undefined;
    const { name, value } = one;
    const found = readPath(value, place);
    if (found.kind === 'none' || !found.mayBeShown) misplaced.push(name);
    if (found.kind === 'none') {
      if (key === 'config' && !one.isOurs && isWholeByOurs()) {
        unread(key, one);
        return undefined;
      }
      faults.push({
        option: key === 'file' ? 'store' : undefined,
        what: `${name} takes ${variables[key].takes}, but ${found.why}`,
      });
      return undefined;
    }
    read.push(name);
    return { name, path: found.path, mayBeShown: found.mayBeShown };
  }

  const options = {
    clientId: take('clientId', (value) => value),
    clientSecret: take('clientSecret', (value) => value),
    grant: take('grant', grantIn),
    companyId: take('companyId', (value) => (isCompanyId(value) ? value : undefined)),
    redirectUri: take('redirectUri', (value) => (isRedirectUri(value) ? value : undefined)),
    environment: takeEnvironment(),
  };
  const [file, config] = [takePath('file'), takePath('config')];
  // If the module of PROCORE_CONFIG cannot be found, missing options are not reported, because it might contain them.
  if (config || given('config').length === 0) {
    for (const key of ['clientId', 'clientSecret'] as const)
      if (options[key] === undefined) faults.push(missing(key, key));
    if (given('file').length === 0 && options.grant !== 'client_credentials')
      faults.push(config ? noStore : missing('file', 'store', 'on a disk that outlives the process'));
  }
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    kind: 'on',
    options: Object.fromEntries(set),
    file,
    config,
    faults,
    notes,
    read,
    misplaced,
  };

  function takeEnvironment(): ProcoreOptions['environment'] {
    const roles = ['environment', 'apiUrl', 'loginUrl'] as const;
    const all = roles.flatMap((role) => given(role).map((one) => ({ ...one, role })));
    const ours = all.filter(({ isOurs }) => isOurs);
    // One of the two URLs may be set with the prefix, and the other one without it.
    const allowHttp = takeAllowHttp();
    const found = environmentFrom((ours.length > 0 ? ours : all).flatMap(hintOf), allowHttp);
    const whole =
      ours.length > 0 && found.missing
        ? environmentFrom(
            [...ours, ...all.filter(({ name }) => name === variables[found.missing!].name)].flatMap(hintOf),
            allowHttp,
          )
        : found;
    for (const one of all) {
      if (!whole.left.includes(one.name)) continue;
      misplaced.push(one.name);
      if (one.isOurs && whole.missing === undefined) unread(one.role, one, 'environment');
    }
    read.push(...all.map(({ name }) => name).filter((name) => !whole.left.includes(name)));
    if (whole.conflict !== undefined)
      faults.push({
        option: 'environment',
        what: `${whole.conflict}. Tokens belong to one environment: set ${prefix}PROCORE_ENVIRONMENT to theirs`,
      });
    else if (ours.length > 0 && whole.missing)
      faults.push(missing(whole.missing, 'environment', 'and it goes with the other URL', prefix));
    else if (ours.length === 0 && whole.left.length > 0)
      notes.push(
        leftText(
          whole,
          given('config').length > 0,
          all.some(({ name, value }) => whole.left.includes(name) && /^http:\/\//i.test(value)),
        ),
      );
    return whole.conflict === undefined ? whole.environment : undefined;
  }

  function takeAllowHttp(): boolean {
    const [one] = given('allowHttp');
    if (!one) return false;
    const flag = flagIn(one.value);
    if (flag !== undefined) read.push(one.name);
    // It can mean nothing else, so that it is not left to the application: without the two URLs the environment would be production.
    else unread('allowHttp', { ...one, isOurs: true }, 'environment');
    return flag ?? false;
  }
}

function leftText(
  { left, environment, missing: other }: EnvironmentFound,
  hasConfig: boolean,
  isHttp: boolean,
): string {
  const name = typeof environment === 'string' ? environment : 'production';
  const used =
    typeof environment === 'object'
      ? 'The URLs beside it are used'
      : `The environment is ${name}${hasConfig ? ', unless PROCORE_CONFIG says another' : ''}`;
  const remedy =
    other === undefined
      ? `Where another is meant, ${prefix}PROCORE_ENVIRONMENT goes first`
      : `For a server of your own set ${prefix}PROCORE_API_URL and ${prefix}PROCORE_LOGIN_URL`;
  const http = isHttp
    ? `. A server that is reached without encryption, such as an emulator in another container, takes ${variables.allowHttp.name}=true`
    : '';
  const [verb, of] = left.length === 1 ? ['is', 'it names'] : ['are', 'they name'];
  return `${left.join(', ')} ${verb} left to the application: ${of} no environment of Procore’s (${Object.keys(environments).join(', ')}). ${used}. ${remedy}${http}`;
}

/** The hint of a variable. A flag (such as a sandbox switch) is a hint only where it is switched on. */
function hintOf({ name, value, role, isOurs }: Given & Pick<Hint, 'role'>): Hint[] {
  const bare = name.replace(prefix, '');
  const mayBeOther = role !== 'environment' && bare === variables[role].name;
  if (!bare.endsWith('_SANDBOX')) return [{ name, role, value, mayBeOther }];
  const flag = flagIn(value);
  if (flag === false) return [];
  return flag || isOurs ? [{ name, role, value: flag ? 'sandbox' : value, mayBeOther }] : [];
}

function flagIn(value: string): boolean | undefined {
  if (/^(?:1|true|yes|on)$/i.test(value)) return true;
  return /^(?:0|false|no|off)$/i.test(value) ? false : undefined;
}

function grantIn(value: string): ProcoreOptions['grant'] {
  const name = value.toLowerCase().replaceAll('-', '_');
  // `authorization_code` means that users log in, whose tokens are then refreshed.
  if (name === 'refresh_token' || name === 'authorization_code') return 'refresh_token';
  return name === 'client_credentials' ? name : undefined;
}

/** Whether a text is a redirect URI: absolute and without a fragment (RFC 6749, section 3.1.2). */
function isRedirectUri(value: string): boolean {
  return /^(?:https?:\/\/[^\s/]|urn:[a-z]|[a-z][a-z\d+.-]*:\/)/i.test(value) && !/[\s#,]/.test(value);
}

function missing(key: Key, option: keyof ProcoreOptions, more?: string, before = ''): Fault {
  const { name, takes } = variables[key];
  return {
    option,
    what: `${before}${name} is missing; it takes ${takes}${more === undefined ? '' : `, ${more}`}`,
  };
}
