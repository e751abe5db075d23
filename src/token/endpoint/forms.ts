import type { RenewalGrant } from '../../options/options.js';

/** The grant of somebody who has just agreed in the browser (RFC 6749, section 4.1). */
export type CodeGrant = { type: 'authorization_code'; code: string; redirect_uri: string };

/** The form of a token request (RFC 6749, sections 4.1.3, 4.4.2 and 6): never JSON, never in the query string. */
export function tokenRequestForm(
  grant: RenewalGrant | CodeGrant,
  client: { id: string; secret: string; redirectUri?: string | undefined },
): string {
  const form = new URLSearchParams({
    grant_type: grant.type,
    client_id: client.id,
    client_secret: client.secret,
  });
  if (grant.type === 'authorization_code') {
    form.set('code', grant.code);
    form.set('redirect_uri', grant.redirect_uri);
  }
  if (grant.type === 'refresh_token') {
    form.set('refresh_token', grant.refresh_token);
    if (client.redirectUri !== undefined) form.set('redirect_uri', client.redirectUri);
  }
  return form.toString();
}

/** The form that revokes a token (RFC 7009, section 2.1). */
export function revocationForm(token: string, client: { id: string; secret: string }): string {
  return new URLSearchParams({ token, client_id: client.id, client_secret: client.secret }).toString();
}
