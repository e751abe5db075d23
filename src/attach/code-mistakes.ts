/** The error codes with which the login host may answer instead of a code (RFC 6749, section 4.1.2.1). */
const refusals = [
  'access_denied',
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
];
const takeIt = "take it from that URL: new URL(request.url, origin).searchParams.get('code')";

/** The message for a text that is no authorization code; undefined for one that may be a code. The text is never quoted. */
export function codeMistake(code: unknown): string | undefined {
  if (typeof code !== 'string' || code.trim() === '') return undefined;
  const refusal = refusalIn(code);
  if (refusal !== undefined) return refusedText(refusal);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(code) || code.includes('?'))
    return `a whole URL; it takes its parameter "code" alone: ${takeIt}`;
  if (/(^|&)(code|state)=/.test(code)) return `a whole query; it takes its parameter "code" alone: ${takeIt}`;
  if (code.includes('#')) return `a code with a fragment (#…) at its end; it takes the code alone: ${takeIt}`;
  if (/\s/.test(code))
    return 'a code with white space in it; it takes the code as it came: trim() it, and look how it was copied';
  if (/%[\da-f]{2}/i.test(code))
    return `a code that is still URL-encoded; it takes the decoded one: ${takeIt}, which decodes once`;
  if (code.includes('&'))
    return `a code with further parameters at its end; it takes the code alone: ${takeIt}`;
  return undefined;
}

/** The message for an error that the login host returned instead of a code. */
export function refusedText(error: string): string {
  const why = error === 'access_denied' ? 'the user has not agreed' : 'the login host has refused';
  return `no code, but error=${error}: ${why}; look at the parameter "error" before "code", and let the user try again (authorizationUrl)`;
}

/** The error code in a URL, a query or a text. Only those of the standard are returned, because another text may be a secret. */
export function refusalIn(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const named = /(?:^|[?&#])error=([a-z_]+)/.exec(text)?.[1] ?? text;
  return refusals.find((one) => one === named);
}
