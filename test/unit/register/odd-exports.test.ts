import axios from 'axios';
import { expect, test } from 'vitest';
import { createCopies } from '../../../src/register/copies.js';

function watching() {
  const attached: unknown[] = [];
  const copies = createCopies(
    (instance) => void attached.push(instance),
    () => undefined,
  );
  return { attached, ...copies };
}

test('exports that cannot be looked at are left alone: the application can load them', () => {
  const { see, attached } = watching();
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const guarded = new Proxy(() => undefined, {
    getOwnPropertyDescriptor() {
      throw new Error('not on the server');
    },
  });
  for (const exported of [revoked.proxy, guarded, { default: revoked.proxy }, { default: guarded }])
    expect(() => see(exported)).not.toThrow();
  expect(attached).toEqual([]);
});

test('an axios that cannot be changed is handed over, and makes instances as ever', () => {
  const { see, attached } = watching();
  const frozen = Object.freeze(axios.create());
  see(frozen);
  expect(attached).toEqual([frozen]);
  expect(typeof (frozen as typeof axios).create()).toBe('function');
});
