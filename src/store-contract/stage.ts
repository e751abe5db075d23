import { wrongIn, wrongValue, type Field, type Fields } from '../text/fields.js';
import type { StoreStage } from './types.js';

const aFunction: Field = [(value) => typeof value === 'function', 'a function, or nothing'];
const known: Record<keyof StoreStage, Field> = {
  open: [(value) => typeof value === 'function', 'a function that opens the store'],
  close: aFunction,
  breakLock: aFunction,
  limitMs: [
    (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
    'a positive number of milliseconds, or nothing',
  ],
};
/** It may be an object of a class, with more than that. */
const fields: Fields = { known, needed: ['open'], isOpen: true };

/** @throws TypeError that names the part of the stage that is wrong, what it is and what it takes. */
export function checkStage(stage: StoreStage): void {
  const wrong =
    typeof stage === 'object' && stage !== null
      ? wrongIn('storeContract', stage, fields)
      : wrongValue('storeContract', 'stage', stage, 'an object with the function open');
  if (wrong !== undefined) throw new TypeError(wrong);
}
