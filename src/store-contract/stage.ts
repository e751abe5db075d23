import { kindOf } from '../text/words.js';
import type { StoreStage } from './types.js';

const isMissing = (value: unknown) => value === undefined;
const isFunction = (value: unknown) => typeof value === 'function';
const isLimit = (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value);

const parts: Record<keyof StoreStage, readonly [valid: (value: unknown) => boolean, takes: string]> = {
  open: [isFunction, 'a function that opens the store'],
  close: [(value) => isMissing(value) || isFunction(value), 'a function, or nothing'],
  breakLock: [(value) => isMissing(value) || isFunction(value), 'a function, or nothing'],
  limitMs: [(value) => isMissing(value) || isLimit(value), 'a positive number of milliseconds, or nothing'],
};

/** @throws TypeError that names the part of the stage that is wrong, what it is and what it takes. */
export function checkStage(stage: StoreStage): void {
  const wrong = (name: string, value: unknown, takes: string) =>
    new TypeError(`storeContract: ${name} is ${kindOf(value)}; it takes ${takes}.`);
  if (typeof stage !== 'object' || stage === null)
    throw wrong('the stage', stage, 'an object with the function open');
  for (const [name, [valid, takes]] of Object.entries(parts)) {
    const value: unknown = stage[name as keyof StoreStage];
    if (!valid(value)) throw wrong(name, value, takes);
  }
}
