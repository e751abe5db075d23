const jwtLike = /\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?/g;
const bearerLike = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi;
const parameterLike =
  /\b(access_token|refresh_token|client_secret|code|token)(["']?\s*[=:]\s*["']?)([^&"'\s,}]+)/gi;

/** Takes whatever looks like a token or a secret, and the secrets given, out of a text that is going to be shown. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let shown = text;
  for (const secret of secrets) if (secret.length >= 4) shown = shown.split(secret).join('[redacted]');
  return shown
    .replace(jwtLike, '[redacted]')
    .replace(bearerLike, '$1 [redacted]')
    .replace(parameterLike, '$1$2[redacted]');
}
