import type { AxiosRequestConfig } from 'axios';
import { timeoutMsOf } from '../axios/timeout.js';
import type { Events } from '../observe/events.js';
import { accountHint } from '../options/hints.js';
import { defined } from '../options/checks.js';
import { retryDefaults, type CompanyId, type Settings } from '../options/options.js';
import type { Gate } from '../pacing/gate.js';
import type { Gates } from '../pacing/gates.js';
import { isSafe } from '../retry/decide.js';
import { statusOfAll, type PacingStatus } from '../pacing/status.js';
import type { SharedPacing } from '../pacing/shared/exchange.js';
import { described, kindOf } from '../text/words.js';
import { companyIn } from '../wire/headers.js';
import { createCompanyOf, type CompanyOf } from './company.js';

/** What the options of the attach, and those of a call, decide for that call. */
export interface Choices {
  /** The account whose tokens the call uses; undefined for a call that the plugin leaves alone. */
  accountOf(config: AxiosRequestConfig): string | undefined;
  companyOf: CompanyOf;
  /** The `Idempotency-Token` that the call asks for by an option; undefined where it asks for none, and where it changes nothing. */
  idempotencyTokenOf(config: AxiosRequestConfig): string | undefined;
  /** The gate of the limit that the call counts against; undefined where calls are not paced. */
  gateOf(config: AxiosRequestConfig, account: string, company: CompanyId | undefined): Gate | undefined;
  /**
   * What is known of the limits of an account; undefined before the first answer, and where nothing says which limits are an account's: with
   * a function as `rateLimit.scope`, and without pacing.
   */
  pacingOf(account: string): PacingStatus | undefined;
  /** Milliseconds that the call's `timeout` gives the whole call; undefined: there is none, or it bounds each attempt. */
  boundOf(config: AxiosRequestConfig): number | undefined;
  retryOf(config: AxiosRequestConfig): Settings['retry'];
}

/** How many names of limits are remembered. */
const mostNames = 1_000;

/** Creates the choices of one attach. `gatesUnder` returns the gates of all limits, by their names. */
export function createChoices(deps: {
  settings: Settings;
  /** Whether each user is an account, so that the option `account` names none. */
  isByUser: boolean;
  gatesUnder: (shared: SharedPacing | undefined) => Pick<Gates, 'of' | 'known' | 'startingWith'>;
  warnOnce: Events['warnOnce'];
  /** Draws the token of a call that asks for a random one. */
  newIdempotencyToken: () => string;
}): Choices {
  const { settings, isByUser } = deps;
  const shared = settings.rateLimit ? settings.rateLimit.shared : undefined;
  const gates = deps.gatesUnder(shared);
  const prefix = prefixOf(settings, shared !== undefined);
  /** The names of the limits of accounts. They are kept because looking one up takes less time than building it for each call. */
  const ofAccounts = new Map<string, string>();

  function limitOf(account: string): string {
    const known = ofAccounts.get(account);
    if (known !== undefined) return known;
    if (ofAccounts.size >= mostNames) ofAccounts.clear();
    // In quotation marks, so that the name of one account's limit is not the beginning of another one's.
    const name = `${prefix}account ${JSON.stringify(account)}`;
    ofAccounts.set(account, name);
    return name;
  }

  function gatesOf(account: string): readonly Gate[] {
    const scope = settings.rateLimit && settings.rateLimit.scope;
    if (!scope || typeof scope === 'function') return [];
    if (scope === 'account+company') return gates.startingWith(`${limitOf(account)} company `);
    const gate = gates.known(scope === 'app' ? `${prefix}app` : limitOf(account));
    return gate ? [gate] : [];
  }

  return {
    accountOf(config) {
      const chosen = config.procore?.account ?? (isByUser ? undefined : settings.account) ?? 'default';
      const account = typeof chosen === 'function' ? chosen(config) : chosen;
      if (account === undefined || account === null) return undefined;
      if (typeof account === 'string' && account.trim() !== '') return account;
      throw new TypeError(
        `axios-procore: option "account" returned ${described(account)}; it takes a non-empty string, or undefined for a call that is to be left alone. ${accountHint(account)}.`,
      );
    },

    companyOf: createCompanyOf({ settings, warnOnce: deps.warnOnce }),

    idempotencyTokenOf({ procore, method }) {
      const chosen = procore?.idempotencyToken;
      if (chosen === undefined || isSafe(method ?? 'get')) return undefined;
      return chosen === true ? deps.newIdempotencyToken() : chosen;
    },

    gateOf(config, account, company) {
      if (!settings.rateLimit) return undefined;
      const { scope } = settings.rateLimit;
      if (typeof scope === 'function') {
        const named: unknown = scope(config);
        if (typeof named === 'string') return gates.of(`${prefix}by name: ${named}`);
        throw new TypeError(
          `axios-procore: option "rateLimit.scope" returned ${kindOf(named)}; it takes a string that names the limit.`,
        );
      }
      if (scope === 'app') return gates.of(`${prefix}app`);
      if (scope === 'account') return gates.of(limitOf(account));
      // The company header of the call precedes the option here too, because it is the one that is sent.
      return gates.of(`${limitOf(account)} company ${companyIn(config.headers) ?? company ?? '-'}`);
    },

    pacingOf: (account) =>
      statusOfAll(
        gatesOf(account)
          .map((gate) => gate.status())
          .filter((status) => status !== undefined),
      ),

    boundOf: ({ timeout }) => (settings.legacy.timeoutBoundsCall ? timeoutMsOf(timeout) : undefined),

    retryOf({ procore }) {
      const own = procore?.retry;
      if (own === undefined) return settings.retry;
      if (own === false) return false;
      return { ...retryDefaults, ...(settings.retry || {}), ...defined(own) };
    },
  };
}

/**
 * What the names of limits begin with. Those of limits that processes share name the login host, because the limits are those of the app,
 * and processes may reach the API by different ways.
 */
function prefixOf({ environment, clientId }: Settings, isShared: boolean): string {
  return isShared
    ? `${new URL(environment.loginUrl).host} ${clientId} `
    : `${environment.apiUrl} ${clientId} `;
}
