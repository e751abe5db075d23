import { environmentAt, environments, legacyProductionOrigin } from '../../wire/environments.js';
import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { decodeClaims, type Claims } from '../../wire/jwt.js';

/** Beside the tokens, in the store: the login host that issued them, and the name of the token that this is said of. */
export const issuerField = 'issued_by';
/** 64 bits, as in the lists of redeemed tokens. */
const digits = 16;

/** The set as it is saved: where its access token does not tell who issued it, a field does. */
export function withIssuer(set: TokenSet, loginUrl: string): TokenSet {
  const { [issuerField]: _before, ...plain } = set;
  const token = set.refresh_token ?? set.access_token;
  if (originOf(decodeClaims(set.access_token)?.['iss']) !== undefined || !token) return plain;
  return { ...plain, [issuerField]: [loginUrl, named(token)] };
}

/**
 * The login host that has issued the set, where it is certainly another than `own`: both are Procore's, or the other one is in use in this
 * process. Any other difference may be a proxy, or a host that was given a new name. `claims`: those of its access token.
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

/** Nothing that is said of another token: an application may have merged its own into the record. */
function issuerInField(set: TokenSet): string | undefined {
  const said: unknown = set[issuerField];
  const token = set.refresh_token ?? set.access_token;
  return Array.isArray(said) && token && said[1] === named(token) ? originOf(said[0]) : undefined;
}

/** The login host of Procore's environment that this origin belongs to; others as they are. */
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

function named(token: string): string {
  return fingerprint(token).slice(0, digits);
}
