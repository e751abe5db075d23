import { wrongValue, type Field } from '../text/fields.js';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

/** An encryption key and its name in sealed texts. */
export interface SealingKey {
  /** The name of the key: 1 to 32 letters, digits, `.`, `_` or `-`. Each sealed text contains it unencrypted. */
  id: string;
  /** The key: 32 bytes, or their base64 or base64url text. */
  key: Uint8Array | string;
}

/** The result of opening a sealed text. `why` contains no secret. */
type Opened =
  | { kind: 'opened'; text: string }
  /** The text was not sealed by this package: the mark at its beginning is missing. */
  | { kind: 'plain' }
  | { kind: 'refused'; why: string };

/** Authenticated encryption with keys that can be rotated. */
export interface Sealing {
  /** Encrypts with AES-256-GCM, the first key and a new random nonce. The text can be opened for the same account only. */
  seal(text: string, account: string): string;
  /** Decrypts; never throws, whatever it is given. */
  open(value: unknown, account: string): Opened;
  /** A keyed hash of text and account (HMAC-SHA-256 with a key derived from the first key): equal for equal input. */
  fingerprint(text: string, account: string): string;
}

/**
 * The beginning of each sealed text. The parts of a sealed text are separated by spaces, which no token contains. So if the store is used
 * without its encryption by mistake, the text is refused as a token, and neither sent as a bearer token nor redeemed.
 */
const mark = 'axios-procore:sealed';
const version = '1';
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
/**
 * The length is limited so that a key in base64 or hex is no valid id: where id and key were swapped, the message can say so and shows
 * neither.
 */
const validId = /^[\w.-]{1,32}$/;
const validKeyText = /^[\w+/-]{43}=?$/;

/** The option `keys`; {@link createSealing} checks each key of it. */
export const keysField: Field = [
  (value) => Array.isArray(value) && value.length > 0,
  'a list of at least one { id, key }; the first seals, all of them open',
];

/**
 * Creates the encryption with these keys, of which it keeps copies.
 *
 * @throws TypeError that names a wrong entry without its value.
 */
export function createSealing(keys: readonly SealingKey[]): Sealing {
  const known = new Map<string, KeyObject>();
  keys.forEach((entry: unknown, index) => {
    const { id, key } = readKey(entry, `keys[${index}]`);
    if (known.has(id)) throw wrong(`keys[${index}].id`, id, 'a name that no other key has');
    known.set(id, key);
  });
  const [[firstId, firstKey]] = [...known] as [[string, KeyObject]];
  // Fingerprints have a key of their own, derived from the first key: one key should not serve two algorithms.
  const comparing = createSecretKey(
    Buffer.from(hkdfSync('sha256', firstKey, '', `${mark} ${version} fingerprint`, keyBytes)),
  );

  return {
    seal(text, account) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', firstKey, nonce, { authTagLength: tagBytes });
      cipher.setAAD(context(firstId, account));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return [mark, version, firstId, sealed.toString('base64url')].join(' ');
    },

    open(value, account) {
      if (typeof value !== 'string' || !value.startsWith(mark)) return { kind: 'plain' };
      const [, usedVersion, id = '', payload = '', ...more] = value.split(' ');
      if (usedVersion !== version || !validId.test(id) || more.length > 0)
        return { kind: 'refused', why: 'it was altered, or sealed by a newer version' };
      const key = known.get(id);
      if (!key) {
        const ids = [...known.keys()].map((one) => `"${one}"`).join(', ');
        return { kind: 'refused', why: `it is sealed with the key "${id}", and keys has ${ids} only` };
      }
      const text = decrypt(payload, key, context(id, account));
      return text === undefined
        ? {
            kind: 'refused',
            why: `it was altered, cut off or written for another account, or "${id}" is another key than it was`,
          }
        : { kind: 'opened', text };
    },

    fingerprint(text, account) {
      const hash = createHmac('sha256', comparing).update(JSON.stringify([account, text]));
      return [mark, version, hash.digest('base64url')].join(' ');
    },
  };
}

/** The additional authenticated data of a sealed text. It is JSON so that two different contexts never have the same bytes. */
function context(id: string, account: string): Buffer {
  return Buffer.from(JSON.stringify([mark, version, id, account]));
}

function decrypt(payload: string, key: KeyObject, aad: Buffer): string | undefined {
  const bytes = Buffer.from(payload, 'base64url');
  // `Buffer` ignores characters that are no base64url, so many altered texts would decode to the same bytes. Only the exact one is
  // accepted.
  if (bytes.length < nonceBytes + tagBytes || bytes.toString('base64url') !== payload) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(aad);
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function readKey(entry: unknown, name: string): { id: string; key: KeyObject } {
  if (typeof entry !== 'object' || entry === null) throw wrong(name, entry, '{ id, key }');
  const { id, key } = entry as Record<string, unknown>;
  if (typeof id !== 'string' || !validId.test(id))
    throw wrong(`${name}.id`, id, '1 to 32 letters, digits, ".", "_" or "-"');
  // A key that was read from a file may end with a line break.
  const text = typeof key === 'string' ? key.trim() : undefined;
  const bytes =
    key instanceof Uint8Array
      ? key
      : text !== undefined && validKeyText.test(text)
        ? Buffer.from(text, 'base64')
        : undefined;
  if (bytes?.length !== keyBytes)
    throw wrong(`${name}.key`, key, `${keyBytes} bytes, as a Buffer or as base64 text`);
  return { id, key: createSecretKey(bytes) };
}

/** The error for a wrong option. Of the value at most the length is told, because it may be a key. */
function wrong(option: string, value: unknown, takes: string): TypeError {
  return new TypeError(wrongValue('encryptedTokenStore', option, value, takes));
}
