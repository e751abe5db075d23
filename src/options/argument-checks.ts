import { isPromise, kindOf } from '../text/words.js';

/** @throws TypeError where a method of the handle is given no object. */
export function checkObject(method: string, value: unknown, takes: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value))
    return value as Record<string, unknown>;
  throw new TypeError(`axios-procore: ${method} got ${kindOf(value)}; it takes ${takes}.`);
}

/** @throws TypeError where a method of the handle is given no text. */
export function checkText(method: string, name: string, value: unknown, remedy: string): void {
  if (typeof value === 'string' && value.trim() !== '') return;
  throw new TypeError(
    `axios-procore: ${method} got ${kindOf(value)} as "${name}"; it takes a non-empty string: ${remedy}.`,
  );
}

/**
 * Checks the name of an account. A store may keep all accounts whose names are no texts in one row, and then many users would be one.
 *
 * @throws TypeError for an account that is neither a text nor left out.
 */
export function checkAccount(method: string, account: unknown): void {
  if (account === undefined) return;
  const example = typeof account === 'number' ? 'String(user.id)' : 'such as String(user.id)';
  checkText(method, 'account', account, `a text of its own for each user, ${example}`);
}
