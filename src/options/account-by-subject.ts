import type { AxiosRequestConfig } from 'axios';
import { subjectOf } from '../wire/jwt.js';
import { bearerOf } from '../wire/headers.js';

/** The mark on the function, which every copy of the package recognises. */
const brand = Symbol.for('axios-procore.account-by-subject');

/**
 * For the option `account`: accounts are the users themselves, by the `sub` of the JWT that a call brings as its bearer. What the
 * application authorizes or refreshes by itself is kept under the `sub` of the answer.
 *
 * @example
 * attachProcore(instance, { clientId, clientSecret, store, account: accountBySubject, legacy: { takeOverRefresh: true } });
 */
export const accountBySubject: (config: AxiosRequestConfig) => string | undefined = Object.defineProperty(
  (config: AxiosRequestConfig) => subjectOf(bearerOf(config.headers)),
  brand,
  { value: true },
);

/**
 * The same for applications that had a single account before: the first user whose tokens are kept has the account `default`, so that
 * release 0.1.0 and single-user tools still find them. The account of every other user is called by the `sub`.
 */
export const accountOfFirstUserOrSubject: typeof accountBySubject = Object.defineProperty(
  (config: AxiosRequestConfig) => accountBySubject(config),
  brand,
  { value: 'first user is default' },
);

/** Whether the first user, of an option `account` for which {@link isBySubject} holds, has the account `default`. */
export function isFirstUserDefault(account: unknown): boolean {
  return isBySubject(account) && (account as { [brand]?: unknown })[brand] !== true;
}

/** The account of this user. A user whose `sub` is `default` gets another name, because that account may have another user's tokens. */
export function accountOfSubject(subject: string): string {
  return subject === 'default' ? 'default (subject)' : subject;
}

/** Whether an option `account` is {@link accountBySubject} of any copy of the package. */
export function isBySubject(account: unknown): boolean {
  return typeof account === 'function' && brand in account;
}
