import { jwtDecode } from 'jwt-decode';

/** A JWT's claims, or undefined for an opaque, broken or strange token: never an error in itself. */
export function decodeClaims(token: string | undefined): Record<string, unknown> | undefined {
  if (!token) return undefined;
  try {
    const claims: unknown = jwtDecode(token);
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    // jwt-decode's message quotes the payload: it goes nowhere.
    return undefined;
  }
}

/** Whose access token it is: the JWT's `sub`; undefined where the token does not tell. */
export function subjectOf(token: string | undefined): string | undefined {
  const subject = decodeClaims(token)?.['sub'];
  return (typeof subject === 'string' && subject.trim() !== '') || typeof subject === 'number'
    ? String(subject)
    : undefined;
}
