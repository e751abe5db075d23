import { isOfNoCompany, isOutsideOfPublished } from '../wire/endpoints.js';
import { routeOf } from '../wire/routes.js';
import type { ProblemKind } from './catalogue.js';
import { reasons, type ProblemReason } from './reasons.js';

/** What is known of the call that failed, beside its answer. */
export interface CallContext {
  /** Without the query. */
  readonly path: string;
  /** Whether its path or its parameters name a project. */
  readonly isInProject: boolean;
  readonly hasCompanyId: boolean;
  /** Whether its token is one of `client_credentials`. */
  readonly isServiceAccount: boolean;
}

/** Says of a thing in a project that it is not there. */
function absent(thing: string): RegExp {
  return new RegExp(
    `\\b${thing}(?:_ids?|s)?:? (?:is |was |could )?(?:must exist|not (?:be )?found|not (?:part of|in) (?:the|this) project|does(?: not|n['’]t) (?:exist|belong))`,
    'i',
  );
}

const toolDisabled =
  /\btool (?:(?:in|for|on|of) (?:this|the) (?:project|company) )?(?:(?:is|was|has been) (?:currently )?(?:disabled|inactive|deactivated|turned off)|(?:(?:is|was|has) )?not (?:been )?(?:enabled|active|activated|turned on)|(?:isn|wasn|hasn)['’]t (?:been )?(?:enabled|active|activated|turned on))\b/i;

/**
 * Words that show a finer cause, in the order in which they count. They are searched for in failures of the reason's own kinds. `no` and
 * `not` stand near to the word that they are of, so that a text that resembles these shows nothing. `needs-kind`: stores, files and other
 * servers say the same, so that these words show nothing where only a text is known.
 */
const words: readonly (readonly [reason: ProblemReason, text: RegExp, needsKind?: 'needs-kind'])[] = [
  [
    'project-not-permitted',
    /\bnot (?:one of|among|in|on|part of|included in) [^.;:]{0,20}permitted projects?\b/i,
  ],
  // A text that names both as possible.
  [
    'permission-or-tool',
    new RegExp(`^(?=[^]*${toolDisabled.source})(?=[^]*\\bpermissions?\\b)(?=[^]*\\bor\\b)`, 'i'),
    'needs-kind',
  ],
  ['tool-disabled', toolDisabled],
  // Agave, "Common Errors and FAQs" (https://sync-docs.agaveapi.com/docs/procore/FAQs): Procore's text for a permission or a tool.
  [
    'permission-or-tool',
    /\b(?:not have|without|lacks?|no|don['’]t have) sufficient access\b|\binsufficient access\b/i,
  ],
  [
    'outside-access-scope',
    /\boutside (?:of )?(?:the |your |its |their )?(?:\w+['’]s )?(?:access |permitted )?scope\b|\bnot (?:in|on|part of|listed in) (?:the|this|that) project(?:['’]s)? directory\b|\b(?:no|not have|don['’]t have|doesn['’]t have|lacks?) access to (?:the|this|that) project\b/i,
  ],
  [
    'permission-missing',
    /\b(?:not have|don['’]t have|doesn['’]t have|lacks?|lacking|without|missing|insufficient)\b[^.;:]{0,40}\bpermissions?\b(?! (?:template|group)s?\b)|\bpermissions? (?:(?:is|are) )?(?:required|missing|insufficient)\b/i,
  ],
  [
    'no-read-access',
    /\b(?:no|not have|don['’]t have|doesn['’]t have|lacks?|without) (?:read )?(?:access|permission)s?\b(?=$|[^\s\w-]|\s+(?:to|for|on|in|of|at|here|and|or|rights?|levels?|that|which)\b)|\bnot (?:authorized|allowed|permitted) to (?:see|view|read|access)\b/i,
    'needs-kind',
  ],
  [
    'record-locked',
    /(?<!(?:\bnot|\bmust|n['’]t) (?:be |been |yet ){0,2})\b(?:(?:synced|integrated) with (?:the |an |your )?ERP|ERP[\s-](?:synced|integrated|locked))\b/i,
  ],
  ['record-locked', /(?<!\b(?:no|none|neither)\b[^.,;:]{0,40})\b(?:is|are|was|been) locked\b/i, 'needs-kind'],
  [
    'origin-id-taken',
    /(?<!\bno\b[^.;]{0,40})\borigin[_ ]id\b[^.;]{0,40}\b(?:taken|unique|exists|duplicate|in use)\b|\bduplicate origin[_ ]id\b/i,
  ],
  ['not-in-project', absent('cost[_ ]code')],
  ['not-in-project', absent('location'), 'needs-kind'],
  // The error codes and texts of Doorkeeper, whose OAuth server Procore's endpoints resemble, and of others.
  [
    'redirect-uri-mismatch',
    /\binvalid_redirect_uri\b|\bredirect_uri_mismatch\b|\bredirect[_ ]ur[il](?: included)? (?:(?:is|was) )?(?:not valid|invalid|malformed|not registered|mismatch|does(?: not|n['’]t) match)/i,
  ],
  ['code-expired', /\bauthorization code (?:has |is |was )?expired\b|\bexpired authorization code\b/i],
  // The words of Procore, and of the messages of this package's own errors.
  ['code-response-lost', /\bauthorization code was presented, the answer never arrived\b/],
  ['code-invalid', /\bauthorization code (?:is|was|has)\b[^.;]{0,40}\b(?:used|invalid|redeemed)\b/i],
  ['refresh-response-lost', /\brefresh token was redeemed and the answer never arrived\b/],
  ['refresh-token-invalid', /\brefresh token (?:is|was|has been) (?:invalid|expired|revoked|spent|used)\b/i],
  ['no-refresh-token', /\bthe store has no refresh token\b/],
  ['no-tokens', /\bthe store (?:has no tokens|had its tokens)\b|\bits tokens have been revoked or removed\b/],
];

/** What makes a clause one that does not say how things are. */
const conditional = /\b(?:if|when|once|unless|until|while|whether|only)\b[^.,;:]*$/i;
const longestClause = 60;

/** Whether words are in a text, and not in a clause that tells a condition, as in "until it is locked". */
function isToldIn(said: string, text: RegExp): boolean {
  const at = text.exec(said)?.index;
  return at !== undefined && !conditional.test(said.slice(Math.max(0, at - longestClause), at));
}

/**
 * The finer cause of a failure of this kind, where the answer's own words show it, or else the context of the call. Undefined where nothing
 * does: a wrong cause would be worse than the general one.
 */
export function findReason({
  kind,
  messages,
  call,
}: {
  readonly kind: ProblemKind;
  readonly messages: readonly string[];
  readonly call?: CallContext | undefined;
}): ProblemReason | undefined {
  const told = words.find(
    ([reason, text]) => reasons[reason].kinds.includes(kind) && messages.some((said) => isToldIn(said, text)),
  )?.[0];
  const isServicesProject = call?.isServiceAccount === true && call.isInProject;
  // What a service account may reach is its permitted projects (Procore, "Troubleshooting").
  if (told === 'outside-access-scope' && isServicesProject) return 'project-not-permitted';
  if (told !== undefined || !call || (kind !== 'forbidden' && kind !== 'not-found')) return told;
  if (!call.hasCompanyId && needsCompanyId(call)) return 'company-header-absent';
  return isServicesProject ? 'service-account' : undefined;
}

/** The finer cause that a text shows by itself, when neither a status nor a kind is known. */
export function reasonInMessage(text: string): ProblemReason | undefined {
  return words.find(([, shown, needsKind]) => !needsKind && isToldIn(text, shown))?.[0];
}

/** A service account needs the header where a user does not (Procore, "Developer Managed Service Accounts"). */
function needsCompanyId({ path, isServiceAccount }: CallContext): boolean {
  const route = routeOf(path);
  return !isOutsideOfPublished(route) && (isServiceAccount || !isOfNoCompany(route));
}
