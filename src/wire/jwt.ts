import { jwtDecode } from 'jwt-decode';

/** What a JWT says of itself (RFC 7519). */
export type Claims = Readonly<Record<string, unknown>>;

/** The claims of a JWT; undefined for a token that is none or cannot be decoded, which is no error. Does not verify the signature. */
export function decodeClaims(token: string | undefined): Claims | undefined {
  // Without a dot it has no claims; to let jwt-decode find that out makes an error each time.
  if (!token?.includes('.')) return undefined;
  try {
    const claims: unknown = jwtDecode(token);
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined;
  } catch {
    // The error is dropped, because the message of jwt-decode quotes the payload of the token.
    return undefined;
  }
}

/** The user whose access token this is, from the JWT's `sub` claim (RFC 7519, section 4.1.2); undefined where it has none. */
export function subjectOf(token: string | undefined): string | undefined {
  return subjectIn(decodeClaims(token));
}

/** The user that these claims name. */
export function subjectIn(claims: Claims | undefined): string | undefined {
  const subject = claims?.['sub'];
  return (typeof subject === 'string' && subject.trim() !== '') || typeof subject === 'number'
    ? String(subject)
    : undefined;
}
