import { expect, test } from 'vitest';
import { afterUnwritten } from '../../../../src/token/renewal/reading.js';

test.each<[works: boolean, isAsked: boolean, isStoredKnown: boolean, what: string]>([
  [true, false, true, 'wait'],
  [true, false, false, 'wait'],
  [true, true, true, 'probe'],
  [true, true, false, 'wait'],
  [false, false, true, 'probe'],
  [false, true, true, 'probe'],
  [false, false, false, 'redeem'],
  [false, true, false, 'redeem'],
])(
  'a note that could not be written: token works %s, application asks %s, stored set known %s: %s',
  (works, isAsked, isStoredKnown, what) => {
    expect(afterUnwritten({ works, isAsked, isStoredKnown })).toBe(what);
  },
);
