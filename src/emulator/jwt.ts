import { generateKeyPairSync, randomUUID, sign, type KeyPairKeyObjectResult } from 'node:crypto';

/** The claims that differ between tokens; times are in milliseconds. */
export interface Claims {
  userId: number;
  issuedAtMs: number;
  expiresAtMs: number;
}

/** Signs access tokens. */
export interface Signer {
  /** SPKI PEM. */
  readonly publicKeyPem: string;
  /** A signed JWT, unique even for equal claims. */
  sign(claims: Claims): string;
}

/** One for all emulators of a process, because to make it takes longer than all else at the start of one. */
let keys: KeyPairKeyObjectResult | undefined;

/** Signs with a P-521 key; Procore signs its access tokens with ES512 too. */
export function createSigner(issuer: string): Signer {
  keys ??= generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const { privateKey, publicKey } = keys;
  const header = encode({ alg: 'ES512', typ: 'JWT' });
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign({ userId, issuedAtMs, expiresAtMs }) {
      const claims = {
        iss: issuer,
        sub: String(userId),
        iat: Math.floor(issuedAtMs / 1000),
        exp: Math.floor(expiresAtMs / 1000),
        jti: randomUUID(),
      };
      const signed = `${header}.${encode(claims)}`;
      // RFC 7518, section 3.4: the signature is r and s concatenated, and not the ASN.1 structure that OpenSSL makes by default.
      const signature = sign('sha512', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
