import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

/** A key and the name that sealed texts know it by. */
export interface SealingKey {
  /** 1 to 32 letters, digits, `.`, `_` or `-`. Stands in each sealed text, in clear. */
  id: string;
  /** 32 bytes, as they are or as base64 or base64url text. */
  key: Uint8Array | string;
}

/** What a text came to that was to be opened. The reasons hold no secret. */
export type Opened =
  | { kind: 'opened'; text: string }
  /** Not sealed by this package: the mark at its beginning is missing. */
  | { kind: 'plain' }
  | { kind: 'refused'; why: string };

/** Authenticated encryption with keys that can be rotated. */
export interface Sealing {
  /** AES-256-GCM with the first key and a new random nonce; what is sealed for one account cannot be opened for another. */
  seal(text: string, account: string): string;
  /** Never throws for what it is given. */
  open(value: unknown, account: string): Opened;
  /** The same for the same text and account, and tells nothing of either to who has not got the first key. */
  fingerprint(text: string, account: string): string;
}

/**
 * Begins each sealed text. Its parts are separated by spaces, which no token has: a store that is used without its wrapper one day holds
 * what is refused as a token set, instead of something that would be sent as a bearer or redeemed.
 */
const mark = 'axios-procore:sealed';
const version = '1';
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;
/** Too short for a key in base64 or hex: who swaps the two is told so by a message that shows neither. */
const validId = /^[\w.-]{1,32}$/;
const validKeyText = /^[\w+/-]{43}=?$/;

/**
 * Takes the keys over (copies of them).
 *
 * @throws TypeError that names the wrong entry; it never shows a value.
 */
export function createSealing(keys: readonly SealingKey[]): Sealing {
  const known = new Map<string, KeyObject>();
  if (!Array.isArray(keys) || keys.length === 0)
    throw wrong('keys', 'a list of at least one { id, key }; the first seals, all of them open');
  keys.forEach((entry: unknown, index) => {
    const { id, key } = readKey(entry, `keys[${index}]`);
    if (known.has(id)) throw wrong(`keys[${index}].id`, 'a name that no other key has');
    known.set(id, key);
  });
  const [[firstId, firstKey]] = [...known] as [[string, KeyObject]];
  // A key of its own for each purpose.
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

/** What a sealed text is bound to beside its content. JSON, so that no two contexts read the same. */
function context(id: string, account: string): Buffer {
  return Buffer.from(JSON.stringify([mark, version, id, account]));
}

function decrypt(payload: string, key: KeyObject, aad: Buffer): string | undefined {
  const bytes = Buffer.from(payload, 'base64url');
  // Buffer reads past what is no base64url: each text but one would be an altered one that opens.
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
  if (typeof entry !== 'object' || entry === null) throw wrong(name, '{ id, key }');
  const { id, key } = entry as Record<string, unknown>;
  if (typeof id !== 'string' || !validId.test(id))
    throw wrong(`${name}.id`, '1 to 32 letters, digits, ".", "_" or "-"');
  // A secret read from a file ends with a line break.
  const text = typeof key === 'string' ? key.trim() : undefined;
  const bytes =
    key instanceof Uint8Array
      ? key
      : text !== undefined && validKeyText.test(text)
        ? Buffer.from(text, 'base64')
        : undefined;
  if (bytes?.length !== keyBytes)
    throw wrong(`${name}.key`, `${keyBytes} bytes, as a Buffer or as base64 text`);
  return { id, key: createSecretKey(bytes) };
}

/** Shows nothing of what was given: it may be a key. */
function wrong(option: string, takes: string): TypeError {
  return new TypeError(`encryptedTokenStore: ${option} takes ${takes}.`);
}
