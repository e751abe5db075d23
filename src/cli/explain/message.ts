import { problems, type ProblemKind } from '../../failure/catalogue.js';
import { classify } from '../../failure/classify.js';
import { reasonInMessage } from '../../failure/find-reason.js';
import { reasons } from '../../failure/reasons.js';

/** The classes of this package's own errors whose name is not that of their kind. */
const classes: readonly (readonly [name: RegExp, kind: ProblemKind])[] = [
  [/\bTokenRenewalError\b/, 'token-renewal-failed'],
  [/\bTokenStoreError\b/, 'token-store-failed'],
  [/\bReauthenticationRequiredError\b/, 'reauthentication-required'],
  [/\bClientRejectedError\b/, 'client-rejected'],
  [/\bRateLimitedError\b/, 'rate-limited'],
  [/\bDeadlineError\b/, 'deadline'],
  [/\bWrongEnvironmentError\b/, 'wrong-environment'],
  [/\bAccountUndecidedError\b/, 'account-undecided'],
  // The codes of the token endpoint (RFC 6749, section 5.2).
  [/\binvalid_grant\b/, 'reauthentication-required'],
  [
    /\b(?:invalid_client|unauthorized_client|unsupported_grant_type|invalid_redirect_uri|redirect_uri_mismatch)\b/,
    'client-rejected',
  ],
  [/\binvalid_token\b|access token (?:is invalid|expired|was revoked|is expired)/i, 'access-token-invalid'],
  // The messages of axios and of fetch for a call that was given up, and for one that took too long.
  [/\b(?:CanceledError|ERR_CANCELED|AbortError)\b|^canceled$/, 'canceled'],
  [/\btimeout of \d+ ?ms exceeded\b/, 'timeout'],
  [/\bsocket hang up\b/, 'connection-lost'],
  // Procore's text of a 429, and the names of two patterns of its "Error Code Reference".
  [/\bsurpassed the max number of requests\b|\brate[- ]limit/i, 'rate-limited'],
  [/\bpermissions? errors?\b/i, 'forbidden'],
];

/**
 * The kind that a message names: by an error's class or code, by Procore's own words, by the words of a finer cause, or by the title of a
 * status. `status`: the one that the message names, which the words of a finer cause do not overrule.
 */
export function kindInMessage(text: string, status: number | undefined): ProblemKind | undefined {
  const byCause = status === undefined ? reasonInMessage(text) : undefined;
  return kindOfName(text) ?? procoresWords(text) ?? (byCause && reasons[byCause].kinds[0]) ?? titled(text);
}

/** The kind that the name of an error tells: its class, its code, or the code of an OAuth error. */
export function kindOfName(text: string): ProblemKind | undefined {
  return ownCodeIn(text) ?? named(text);
}

/** The HTTP status in a message: "Request failed with status code 429", "HTTP 503", "404 Not Found". */
export function statusInMessage(text: string): number | undefined {
  const found =
    /\bstatus(?:\s*code)?["']?\s*[:=]?\s*([45]\d\d)\b/i.exec(text) ??
    /\bHTTP(?:\/[\d.]+)?\s+([45]\d\d)\b/i.exec(text) ??
    /^\s*([45]\d\d)\b/.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** `ERR_PROCORE_RATE_LIMITED` is the kind `rate-limited`. */
function ownCodeIn(text: string): ProblemKind | undefined {
  const code = /\bERR_PROCORE_([A-Z_]+)\b/.exec(text)?.[1];
  return known(code?.toLowerCase().replaceAll('_', '-'));
}

function named(text: string): ProblemKind | undefined {
  return classes.find(([name]) => name.test(text))?.[1];
}

function procoresWords(text: string): ProblemKind | undefined {
  const body = { messages: [text], fields: {}, reasonCodes: [] };
  for (const status of [400, 403]) {
    const kind = classify({ kind: 'answered', status, body, refusal: 'none' });
    if (problems[kind].status === status && kind !== 'bad-request' && kind !== 'forbidden') return kind;
  }
  return undefined;
}

function titled(text: string): ProblemKind | undefined {
  const lower = text.toLowerCase();
  const rows = Object.entries(problems).filter(([, { title }]) => lower.includes(title.toLowerCase()));
  return known(rows[0]?.[0] === 'access-token-invalid' ? 'unauthorized' : rows[0]?.[0]);
}

function known(kind: string | undefined): ProblemKind | undefined {
  return kind !== undefined && Object.hasOwn(problems, kind) ? (kind as ProblemKind) : undefined;
}
