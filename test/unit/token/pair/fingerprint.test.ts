import { expect, test } from 'vitest';
import { fingerprint, shortFingerprint } from '../../../../src/token/pair/fingerprint.js';

test('a fingerprint is the SHA-256 in hex, the same in every copy and version', () => {
  expect(fingerprint('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(fingerprint('ü')).not.toBe(fingerprint('u'));
});

test('its first eight digits are what is shown', () => {
  expect(shortFingerprint('abc')).toBe('ba7816bf');
});
