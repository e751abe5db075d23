import { isPlain } from '../../failure/body.js';
import { parsed } from '../../failure/json.js';
import { environmentNamed, environments, type Environment } from '../../wire/environments.js';
import type { AccountState } from '../account-state.js';
import { lengthOf } from '../words.js';
import { failed, ok, skipped, warning, type Judged } from './finding.js';

/** An answer, as the checks read it. */
export interface Heard {
  readonly status: number;
  readonly body: unknown;
  /** The `Date` header in milliseconds since 1970, and the moment in which it was read. */
  readonly dateMs?: number | undefined;
  readonly atMs: number;
}

/** A `Date` is whole seconds, and an answer is on its way for a while. */
const slackMs = 5_000;
/** So far off, tokens are renewed too late or too early. The plugin itself learns the server's clock from the answers. */
const worthMs = 30_000;

/** How far this machine's clock is off. */
export function clockOf({ dateMs, atMs }: Heard): Judged {
  if (dateMs === undefined) return skipped('the answer has no Date header');
  const aheadMs = atMs - dateMs;
  if (Math.abs(aheadMs) <= slackMs) return ok(`this clock and the server's agree within ${slackMs / 1000} s`);
  const came = `this clock is ${lengthOf(aheadMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the server's`;
  return Math.abs(aheadMs) < worthMs
    ? ok(came)
    : warning(
        came,
        'Set the clock of this machine by NTP: tokens are judged by it until the first answer has come.',
      );
}

/**
 * What the token endpoint says to a code that does not exist. The client is authenticated before the code is looked at (RFC 6749, section
 * 5.2), so that nothing is redeemed and yet a wrong secret shows.
 */
export function credentialsOf({ status, body }: Heard): Judged {
  const error = fieldOf(body, 'error');
  if (error === 'invalid_client' || (status === 401 && error === undefined))
    return failed(
      `${status}${error === undefined ? '' : ` ${error}`}: client id and secret are not known there`,
      'Compare PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET with the app in the Developer Portal. Those of the developer sandbox differ from those of production.',
    );
  const isKnown = ['invalid_grant', 'unauthorized_client', 'unsupported_grant_type', 'invalid_request'];
  if (typeof error === 'string' && isKnown.includes(error))
    return ok(`${status} ${error}: the client is known, and the code that does not exist was refused`);
  return warning(`${status}: that says nothing about the client`, 'Try again later.');
}

/** What `GET /oauth/token/info` says of the access token. */
export function tokenOf({ status, body }: Heard, clientId: string): Judged {
  if (status === 401)
    return failed(
      '401: the login host does not know the token, or it has been revoked',
      'A token of another environment is answered like that, too. Run: axios-procore refresh, and if that fails: axios-procore login',
    );
  if (status !== 200) return warning(`${status}: that says nothing about the token`, 'Try again later.');
  const uid = fieldOf(fieldOf(body, 'application'), 'uid');
  if (typeof uid === 'string' && uid !== clientId)
    return failed(
      'the token is of another app than PROCORE_CLIENT_ID',
      'Use the client id and secret of the app that the tokens are of, or run: axios-procore login',
    );
  const seconds = fieldOf(body, 'expires_in') ?? fieldOf(body, 'expires_in_seconds');
  return ok(
    typeof seconds === 'number'
      ? `the token works for another ${lengthOf(seconds * 1000)}`
      : 'the token works',
  );
}

/** What is held, where there is no token that could be asked about. `others` are accounts that the store has besides. */
export function withoutToken(
  { account, state, refreshToken }: AccountState,
  others: readonly string[],
): Judged {
  if (state === 'missing' && others.length > 0)
    return failed(
      `there are no tokens of the account "${account}"; the store has those of ${others.length === 1 ? 'another account' : `${others.length} others`}`,
      'Say whose tokens are meant: axios-procore doctor --account <name>. Their names are told by: axios-procore status',
    );
  if (state === 'missing') return failed('there are no tokens', 'Run: axios-procore login');
  if (state === 'unreadable')
    return failed(
      'what is in the store is no token set',
      'Put a good copy in its place, or run: axios-procore login',
    );
  return refreshToken === undefined
    ? failed('the access token has expired, and there is no refresh token', 'Run: axios-procore login')
    : skipped(
        'the access token has expired; the next call renews it. To try that now, run: axios-procore doctor --refresh',
      );
}

/** Whether the token was issued where the settings lead. Tokens are not transferable (Procore, "Sandbox Environments"). */
export function environmentOf(issuer: unknown, { loginUrl, apiUrl }: Environment): Judged {
  const name = environmentNamed({ loginUrl, apiUrl }) ?? originsOf({ loginUrl, apiUrl });
  const origin = typeof issuer === 'string' && URL.canParse(issuer) ? new URL(issuer).origin : undefined;
  if (origin === undefined || origin === 'null')
    return skipped(`the token does not say where it was issued; the settings are for ${name}`);
  if (origin === loginUrl || origin === apiUrl) return ok(`the token was issued for ${name}`);
  const other = Object.entries(environments).find(([, one]) => [one.loginUrl, one.apiUrl].includes(origin));
  const isElsewhere = other !== undefined || environmentNamed({ loginUrl, apiUrl }) !== undefined;
  return isElsewhere
    ? failed(
        `the token was issued by ${other ? `${other[0]} (${origin})` : origin}, and the settings are for ${name}`,
        'Set PROCORE_ENVIRONMENT to the environment of the tokens, or run: axios-procore login',
      )
    : ok(`the token was issued by ${origin}`);
}

/** Whether the user is in the company whose id the calls carry. */
export function companyOf({ status, body }: Heard, companyId: string | undefined): Judged {
  const list = typeof body === 'string' ? parsed(body) : body;
  if (status !== 200 || !Array.isArray(list))
    return warning(
      `${status}: the companies are not told`,
      'Try again, or look at the permissions of the user.',
    );
  const ids = list.map((one) => String(fieldOf(one, 'id')));
  if (companyId === undefined)
    return warning(
      `no company id is set; the user has ${ids.length === 0 ? 'none' : ids.slice(0, 5).join(', ')}`,
      'Set PROCORE_COMPANY_ID, or give each call its company: calls without Procore-Company-Id are refused.',
    );
  return ids.includes(companyId)
    ? ok(`the user is in company ${companyId}`)
    : failed(
        `the user is not in company ${companyId}, but in ${ids.length === 0 ? 'none' : ids.slice(0, 5).join(', ')}`,
        'Correct PROCORE_COMPANY_ID, or have the company add the user and the app.',
      );
}

/** The two origins of an environment, which may be one. */
export function originsOf({ loginUrl, apiUrl }: Environment): string {
  return loginUrl === apiUrl ? loginUrl : `${loginUrl} and ${apiUrl}`;
}

function fieldOf(value: unknown, name: string): unknown {
  const read = typeof value === 'string' ? parsed(value) : value;
  return isPlain(read) ? read[name] : undefined;
}
