import type { AxiosInstance } from 'axios';
import { attachProcore } from '../attach/attach.js';
import type { Procore } from '../attach/handle.js';
import { resolveOptions } from '../options/checks.js';
import type { LogFields, Settings as Resolved } from '../options/options.js';
import { loadConfig } from '../settings/config-module.js';
import { configure } from '../settings/configure.js';
import { messageOf } from '../settings/foreign.js';
import { slipIn } from '../settings/slips.js';
import type { TokenStore } from '../store/store.js';
import { UsageError } from './answer.js';
import type { Settings } from './cleaning.js';
import type { Io } from './io.js';
import { sentence } from './words.js';

/** An account that the settings give access to. */
export interface Opened {
  readonly handle: Procore;
  readonly instance: AxiosInstance;
  readonly options: Resolved;
  readonly store: TokenStore;
  /** The account that is meant where none is named. */
  readonly ownAccount: string;
}

const setThem =
  'Set PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_TOKEN_FILE, or PROCORE_CONFIG; docs/register.md lists them. node --env-file=.env reads them from a file.';

/**
 * Attaches the plugin as the settings say.
 *
 * @throws UsageError that says which setting is missing or wrong.
 */
export function open(io: Io, settings: Settings): Opened {
  const { registration, clean, hide } = settings;
  const slip = slipIn(io.environment);
  const besides = slip === undefined ? '' : ` ${slip}`;
  if (registration.kind === 'off') throw new UsageError(`There are no settings. ${setThem}${besides}`);
  const say = (line: string) => io.err(`${sentence(clean(line))}\n`);
  registration.notes.forEach(say);
  try {
    const configured = configure(registration, { load: loadConfig, note: say, hide });
    const silent = () => undefined;
    // Failures are told once, when the command has failed with them.
    const warn = (text: string, { event }: LogFields) => (event === 'warning' ? say(text) : undefined);
    const options = {
      ...configured,
      // Not a logger of PROCORE_CONFIG, because that may write to standard output, which has nothing but the result.
      logger: { debug: silent, info: silent, warn, error: silent },
      // No other code of this process renews tokens.
      legacy: { ...configured.legacy, takeOverRefresh: false },
    };
    const instance = io.createInstance();
    const handle = attachProcore(instance, options);
    const resolved = resolveOptions(options);
    const { account } = resolved;
    return {
      handle,
      instance,
      options: resolved,
      store: resolved.store!,
      ownAccount: typeof account === 'string' ? account : 'default',
    };
  } catch (error) {
    throw new UsageError(`${sentence(messageOf(error).replace(/^axios-procore: /, ''))}${besides}`);
  }
}

/** Where the tokens of an account are kept, in words. */
export function placeOf({ store }: Opened, account: string): string {
  const { pathOf } = store as { pathOf?: (account: string) => string };
  return pathOf === undefined ? 'the store of PROCORE_CONFIG' : pathOf(account);
}
