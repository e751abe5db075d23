import { environmentAt, environments, legacyProductionOrigin } from '../../wire/environments.js';
import type { TokenSet } from '../../store/store.js';
import { savedFingerprint } from './fingerprint.js';
import { decodeClaims, type Claims } from '../../wire/jwt.js';

/** The field of a saved set that names the login host that issued its tokens, with the fingerprint of the token that this is true of. */
export const issuerField = 'issued_by';

/** The set as it is saved: with the field where the access token has no `iss` that names its issuer. */
export function withIssuer(set: TokenSet, loginUrl: string): TokenSet {
  const { [issuerField]: _before, ...plain } = set;
  const token = set.refresh_token ?? set.access_token;
  if (originOf(decodeClaims(set.access_token)?.['iss']) !== undefined || !token) return plain;
  return { ...plain, [issuerField]: [loginUrl, savedFingerprint(token)] };
}

/**
 * The login host that has issued the set, where that is certainly another one than `own`; otherwise undefined. It is certain where both hosts
 * are Procore's, or where the other one is in use in this process. Otherwise the other name may be that of a proxy, or an old name of the same
 * host. `claims`: those of the access token.
 */
export function foreignIssuer(
  set: TokenSet,
  own: string,
  inUse: () => readonly string[],
  claims: Claims | undefined = decodeClaims(set.access_token),
): string | undefined {
  const issuer = originOf(claims?.['iss']) ?? issuerInField(set);
  if (issuer === undefined) return undefined;
  const [theirs, ours] = [loginAt(issuer), loginAt(own)];
  if (theirs === ours) return undefined;
  const isCertain = (isProcores(theirs) && isProcores(ours)) || inUse().map(loginAt).includes(theirs);
  return isCertain ? theirs : undefined;
}

/**
 * The issuer that the field names. A field about another token does not count: an application may have merged its own tokens into the row.
 */
function issuerInField(set: TokenSet): string | undefined {
  const said: unknown = set[issuerField];
  const token = set.refresh_token ?? set.access_token;
  return Array.isArray(said) && token && said[1] === savedFingerprint(token) ? originOf(said[0]) : undefined;
}

/** The login host of the Procore environment that this origin belongs to; an origin that is not Procore's is returned as it is. */
function loginAt(origin: string): string {
  const name = origin === legacyProductionOrigin ? 'production' : environmentAt(origin);
  return name ? environments[name].loginUrl : origin;
}

function isProcores(loginUrl: string): boolean {
  return Object.values(environments).some((one) => one.loginUrl === loginUrl);
}

function originOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { origin } = new URL(url);
  return origin === 'null' ? undefined : origin;
}
