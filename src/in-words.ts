/** What a value is, in words and without the value: what comes from a browser, or may be a secret, is not quoted. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const identifier = /^[A-Za-z]\w{0,47}$/;
const systemCode = /^[A-Z][A-Z\d_]{1,47}$/;

/** The code or the name of an error: messages of foreign errors may quote what they were given. */
export function codeOf(error: unknown): string {
  const { code, name, cause } = partsOf(error);
  const { code: inner } = partsOf(cause);
  if (isText(code, identifier)) return code;
  // What failed below says more than "Error".
  if (isText(inner, systemCode)) return inner;
  return isText(name, identifier) ? name : typeof error;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

/** Nothing of what cannot be read: whoever asks has a pair to save. */
function partsOf(error: unknown): { code?: unknown; name?: unknown; cause?: unknown } {
  try {
    const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown };
    return { code, name, cause };
  } catch {
    return {};
  }
}
