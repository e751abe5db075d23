import { randomBytes } from 'node:crypto';
import { accountOfSubject } from '../../options/account-by-subject.js';
import type { TokenSet } from '../../store/store.js';
import { accountsOf, stateOf, tokensOf } from '../account-state.js';
import { CommandError, Interrupted, UsageError, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Io } from '../io.js';
import { checkKept, keeping } from '../keeping.js';
import { listen } from '../login/loopback.js';
import { returnOf } from '../login/redirect-uri.js';
import type { Returned } from '../login/returned.js';
import { open, placeOf, type Opened } from '../opened.js';
import { lineOfInput, unlessInterrupted, within } from '../waits.js';
import { lengthOf, momentOf } from '../words.js';

/** The options of `login`. */
export interface LoginOptions {
  readonly account?: string | undefined;
  readonly oob?: boolean | undefined;
  readonly redirectUri?: string | undefined;
  /** Seconds. */
  readonly timeout: number;
  /** False: the URL is only printed. */
  readonly browser: boolean;
}

interface Code {
  readonly code: string;
  readonly redirectUri: string;
}

/**
 * Gets tokens by the authorization code grant (RFC 6749, section 4.1; RFC 8252, section 7.3): opens the log-in page, waits for the browser
 * to come back to a server on 127.0.0.1, exchanges the code and saves the tokens.
 */
export async function login(io: Io, settings: Settings, asked: LoginOptions): Promise<Answer> {
  const opened = open(io, settings);
  if (opened.options.grant === 'client_credentials')
    throw new UsageError(
      'A service account (client_credentials) has no log-in: its tokens are asked for with the secret alone',
    );
  const way = returnOf({ asked: asked.redirectUri, oob: asked.oob }, opened.options.redirectUri);
  const { code, redirectUri } =
    way.kind === 'by-hand'
      ? await byHand(io, opened, way.uri)
      : await byRedirect(io, opened, { ...asked, uri: way.uri, port: way.port });
  const before = await heldBefore(io, opened, asked.account);
  const done = io.waiting('Exchanging the code');
  // From here on nothing is cut off: the code is redeemed once, and its tokens are saved.
  const account = asked.account ?? opened.ownAccount;
  const tokens = await keeping(io, opened, { account, before: before.get(account) }, () =>
    opened.handle.exchangeCode({
      code,
      redirectUri,
      ...(asked.account === undefined ? {} : { account: asked.account }),
    }),
  ).finally(done);
  return answerOf(io, opened, { tokens, before, named: asked.account });
}

async function byRedirect(
  io: Io,
  { handle }: Opened,
  { uri, port, timeout, browser }: LoginOptions & { uri: string; port: number },
): Promise<Code> {
  const state = randomBytes(32).toString('base64url');
  const server = await listen(uri, port, state);
  const { redirectUri } = server;
  try {
    await show(io, handle.authorizationUrl({ redirectUri, state }), browser);
    const done = io.waiting(`Waiting for the browser, for ${lengthOf(timeout * 1000)} at most`);
    const late = `No answer came from the browser within ${lengthOf(timeout * 1000)}. Run the command again; if Procore shows an error about the redirect URI, register ${redirectUri} with the app`;
    const returned = await within(io, timeout * 1000, server.answered, late).finally(done);
    return { code: codeIn(returned), redirectUri };
  } finally {
    await server.close();
  }
}

async function byHand(io: Io, { handle }: Opened, redirectUri: string): Promise<Code> {
  const state = randomBytes(32).toString('base64url');
  io.err(
    `Open this page, authorize the app, and copy the code that it shows:\n\n  ${handle.authorizationUrl({ redirectUri, state })}\n\nThe code: `,
  );
  const code = await unlessInterrupted(io, lineOfInput(io));
  if (!io.isTerminal.input) io.err('\n');
  if (code === '') throw new CommandError('No code was given. Nothing was changed');
  return { code, redirectUri };
}

async function show(io: Io, url: string, browser: boolean): Promise<void> {
  const isOpened =
    browser &&
    (await io.open(url).then(
      () => true,
      () => false,
    ));
  io.err(
    isOpened
      ? `The browser opens the log-in page. If it does not, open it yourself:\n\n  ${url}\n\n`
      : `Open this page in a browser on this machine, and authorize the app:\n\n  ${url}\n\n`,
  );
}

function codeIn(returned: Exclude<Returned, { kind: 'stranger' }>): string {
  if (returned.kind === 'code') return returned.code;
  const why =
    returned.error === 'access_denied'
      ? 'The app was not authorized: the user has not agreed (access_denied)'
      : `The login host has refused the request (${returned.error})`;
  throw new CommandError(`${why}. Nothing was changed`);
}

/** What the store holds of each account before the log-in; it follows from the user which one it is for. */
async function heldBefore(io: Io, opened: Opened, named: string | undefined): Promise<Map<string, TokenSet>> {
  const held = new Map<string, TokenSet>();
  for (const account of await accountsOf(io, opened, named)) {
    const tokens = await tokensOf(io, opened, account).catch((error: unknown) => {
      if (error instanceof Interrupted) throw error;
      return undefined;
    });
    if (tokens) held.set(account, tokens);
  }
  return held;
}

async function answerOf(
  io: Io,
  opened: Opened,
  { tokens, before, named }: { tokens: TokenSet; before: Map<string, TokenSet>; named: string | undefined },
): Promise<Answer> {
  const nowMs = io.env.now();
  const user = stateOf('', tokens, nowMs).user;
  // Without a name the account follows from the user: see docs/register.md.
  const candidates =
    named === undefined
      ? [opened.ownAccount, ...(user === undefined ? [] : [accountOfSubject(user)])]
      : [named];
  const isHeld = (account: string) => {
    const { accessToken } = opened.handle.status(account);
    return accessToken !== undefined && accessToken === stateOf('', tokens, nowMs).accessToken;
  };
  const account = candidates.find(isHeld) ?? candidates[0]!;
  await checkKept(io, opened, account, { tokens, before: before.get(account) });
  const held = stateOf(account, tokens, nowMs);
  const store = placeOf(opened, account);
  return {
    data: { ...held, store },
    lines: (paint) => [
      `${paint.good('Logged in')}${user === undefined ? '' : ` as user ${user}`}: the tokens of account ${account} are saved in ${store}.`,
      ...(held.expiresAt
        ? [`The access token ends ${momentOf(held.expiresAt, nowMs)}, and is renewed when a call needs it.`]
        : []),
    ],
  };
}
