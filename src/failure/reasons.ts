import { logIn, permissionsMatrix, problems, type ProblemKind } from './catalogue.js';
import type { ReauthenticationReason } from './error-base.js';

/** Finer causes than a kind. `docs/errors.md` has the remedy of each, and what shows it. */
export type ProblemReason =
  | 'permission-missing'
  | 'permission-or-tool'
  | 'tool-disabled'
  | 'outside-access-scope'
  | 'project-not-permitted'
  | 'service-account'
  | 'company-header-absent'
  | 'no-read-access'
  | 'record-locked'
  | 'origin-id-taken'
  | 'not-in-project'
  | 'redirect-uri-mismatch'
  | 'code-expired'
  | ReauthenticationReason;

/** The description of one finer cause. */
export interface ReasonRow {
  /** The kinds that it is a cause of, the usual one first. */
  readonly kinds: readonly [ProblemKind, ...ProblemKind[]];
  readonly cause: string;
  readonly remedy: string;
  readonly docsUrl: string;
}

const pages = 'https://developers.procore.com/documentation/content';
const troubleshooting = `${pages}/troubleshooting`;
const serviceAccounts = `${pages}/developer-managed-service-accounts`;
const permittedProjects =
  'A company admin chooses the app’s Permitted Projects under Company Admin > App Management, anew after each update or reinstallation of the app; what it may do in them is in its manifest, and a traditional service account has both in the directory.';
const singleUse = 'Refresh tokens are single-use';
const reauthenticate = problems['reauthentication-required'].remedy;
const exactUri =
  'The redirect URI has to be the same to the letter, trailing slash included, in the app’s settings, in authorizationUrl() and in exchangeCode().';
const newCode = `Send the user through the browser again (${logIn}), and exchange the code at once: it works once, and for ten minutes. ${exactUri}`;

/**
 * Causes and remedies that are more specific than those of a kind. Sources: Procore, "Troubleshooting", "Developer Managed Service
 * Accounts (DMSA)" and "Integration Health"; for `permission-or-tool`, Agave's "Common Errors and FAQs" of its Procore connector.
 */
export const reasons: Readonly<Record<ProblemReason, ReasonRow>> = {
  'permission-missing': {
    kinds: ['forbidden'],
    cause: 'The user or service account does not have the permission that the endpoint requires.',
    remedy: `Look up the permission level in the User Permissions Matrix (${permissionsMatrix}): some endpoints require one in the project beside the one in the company. Those of a service account are configured in the Developer Portal.`,
    docsUrl: troubleshooting,
  },
  'permission-or-tool': {
    kinds: ['forbidden'],
    cause:
      'The user or service account does not have the permission level that the endpoint requires, or the tool is disabled in the project: Procore says the same of both.',
    remedy: `Check that a project admin has enabled the tool under Project Admin > Tools, and look up the permission level in the User Permissions Matrix (${permissionsMatrix}).`,
    docsUrl: troubleshooting,
  },
  'tool-disabled': {
    kinds: ['forbidden'],
    cause: 'The tool is disabled in the project, whatever the permissions of the user are.',
    remedy: 'A project admin needs to enable it under Project Admin > Tools.',
    docsUrl: troubleshooting,
  },
  'outside-access-scope': {
    kinds: ['forbidden'],
    cause: 'The project or resource is outside of what the user may reach.',
    remedy:
      'Add the user to the directory of the project. For a service account (DMSA), add the project to the app’s Permitted Projects.',
    docsUrl: troubleshooting,
  },
  'project-not-permitted': {
    kinds: ['forbidden'],
    cause:
      'The service account (DMSA) may not reach the project: it is not among the app’s Permitted Projects.',
    remedy: permittedProjects,
    docsUrl: serviceAccounts,
  },
  'service-account': {
    kinds: ['forbidden', 'not-found'],
    cause:
      'The call is one of a service account in a project. A service account (DMSA) reaches the app’s Permitted Projects only, with the permissions of the app’s manifest, and tools that are enabled there. For what it cannot see at all, Procore answers 404, as for what does not exist.',
    remedy: `Verify the ID, and that the project is permitted. ${permittedProjects}`,
    docsUrl: serviceAccounts,
  },
  'company-header-absent': {
    kinds: ['not-found', 'forbidden'],
    cause:
      'The call carried no Procore-Company-Id header. Without it Procore may look in another company, or fail to find the resource.',
    remedy:
      'Set the option companyId, or { procore: { companyId } } on the call. If the answer stays the same, verify the ID and the permissions of the user.',
    docsUrl: `${pages}/integration-health`,
  },
  'no-read-access': {
    kinds: ['not-found'],
    cause:
      'The user has no read access to the resource: Procore answers 404, and not 403, for what a user cannot see at all.',
    remedy: 'Verify that the user has at least the permission Read Only for the tool in the project.',
    docsUrl: troubleshooting,
  },
  'record-locked': {
    kinds: ['unprocessable', 'conflict'],
    cause:
      'The record is locked. An ERP integration locks the records that it has synced: they have an origin_id.',
    remedy:
      'Read the record. Where it has an origin_id of the ERP integration, change it in the ERP system, or have it unlinked in the ERP Integrations tool; otherwise see in its tool what has locked it.',
    docsUrl: troubleshooting,
  },
  'origin-id-taken': {
    kinds: ['unprocessable', 'conflict'],
    cause:
      'Another record of the company has this origin_id: it is unique within a company, whichever the project.',
    remedy:
      'Find the record that has it, and update that one, or use another origin_id. Sync actions update a record that has the origin_id.',
    docsUrl: troubleshooting,
  },
  'not-in-project': {
    kinds: ['unprocessable'],
    cause: 'The cost code or location that the request names does not exist in the project.',
    remedy: 'Use the ID of one that the project itself has; list those of the project first.',
    docsUrl: troubleshooting,
  },
  'redirect-uri-mismatch': {
    kinds: ['client-rejected', 'reauthentication-required'],
    cause:
      'The redirect URI is not one that the app is registered with, or not the one that the code was requested with.',
    remedy: exactUri,
    docsUrl: troubleshooting,
  },
  'code-expired': {
    kinds: ['reauthentication-required'],
    cause: 'The authorization code has expired: it lives for ten minutes.',
    remedy: newCode,
    docsUrl: troubleshooting,
  },
  'no-tokens': {
    kinds: ['reauthentication-required'],
    cause:
      'The store has no tokens for the account: it has not been authorized yet, or its tokens were revoked or removed.',
    remedy: reauthenticate,
    docsUrl: troubleshooting,
  },
  'no-refresh-token': {
    kinds: ['reauthentication-required'],
    cause: 'The access token no longer works, and the store has no refresh token for it.',
    remedy: reauthenticate,
    docsUrl: troubleshooting,
  },
  'refresh-token-invalid': {
    kinds: ['reauthentication-required'],
    cause: `The refresh token is invalid: it was redeemed before, or has been revoked. ${singleUse}.`,
    remedy: reauthenticate,
    docsUrl: troubleshooting,
  },
  'refresh-response-lost': {
    kinds: ['reauthentication-required'],
    cause: `The refresh token was redeemed, and the answer with the new pair never arrived. ${singleUse}: the old one is permanently invalidated.`,
    remedy: reauthenticate,
    docsUrl: troubleshooting,
  },
  'code-invalid': {
    kinds: ['reauthentication-required'],
    cause: 'The authorization code was used before, has expired, or was requested with another redirect URI.',
    remedy: newCode,
    docsUrl: troubleshooting,
  },
  'code-response-lost': {
    kinds: ['reauthentication-required'],
    cause: 'The authorization code was sent, and the answer never arrived. A code works once.',
    remedy: newCode,
    docsUrl: troubleshooting,
  },
};

/** Whether this is a finer cause of the kind. Errors and reports of other versions may bring others. */
export function isReasonOf(kind: ProblemKind, reason: unknown): reason is ProblemReason {
  return (
    typeof reason === 'string' &&
    Object.hasOwn(reasons, reason) &&
    reasons[reason as ProblemReason].kinds.includes(kind)
  );
}
