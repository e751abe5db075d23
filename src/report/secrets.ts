/** Names of headers, parameters and fields whose values are secrets, wherever they stand: in a header, a query, a form or JSON. */
const secretName =
  /token|secret|passw|passphrase|\bpwd\b|authorization|credential|cookie|session|signature|assertion|jwt|bearer|api[-_]?key|private[-_]?key|access[-_]?key|secret[-_]?key|encryption[-_]?key|^(?:sig|otp|pin|auth|key|hmac)$/i;
/** A key of a request that makes it happen once: it opens nothing, and Procore's support may ask for it. */
const harmlessName = /^idempotency[-_](?:token|key)$/i;
/** The parameters by which Amazon, Azure and Google sign a URL: who has such a URL needs no other credential. */
const signingName =
  /^(?:x-amz-|x-goog-|signature$|sig$|policy$|key-pair-id$|awsaccesskeyid$|googleaccessid$)/i;

/** Whether the value of this name is a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name);
}

/** Whether a URL with these names in its query is signed. */
export function isSigned(names: readonly string[]): boolean {
  return names.some((name) => signingName.test(name));
}

/** What stands in the place of a secret. */
export const redacted = '[redacted]';
