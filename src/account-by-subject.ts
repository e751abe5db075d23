import type { AxiosRequestConfig } from 'axios';
import { subjectOf } from './token/token-set.js';
import { bearerOf } from './wire/headers.js';

/** On the function, for every copy of the package. */
const brand = Symbol.for('axios-procore.account-by-subject');

/**
 * For the option `account`: accounts are the users themselves, by the `sub` of the JWT that a call brings as its bearer. What the
 * application authorises or refreshes by itself is kept under the `sub` of the answer.
 *
 * @example
 * attachProcore(instance, { clientId, clientSecret, store, account: accountBySubject, legacy: { takeOverRefresh: true } });
 */
export const accountBySubject: (config: AxiosRequestConfig) => string | undefined = Object.defineProperty(
  (config: AxiosRequestConfig) => subjectOf(bearerOf(config.headers)),
  brand,
  { value: true },
);

/** Whether an option `account` is {@link accountBySubject}, of whichever copy. */
export function isBySubject(account: unknown): boolean {
  return typeof account === 'function' && brand in account;
}
