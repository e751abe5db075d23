import { decodeClaims } from '../../wire/jwt.js';
import { codeOf, failureOf } from '../../text/words.js';
import { accountsOf, stateOf, tokensOf } from '../account-state.js';
import { CommandError, Interrupted } from '../answer.js';
import type { Io } from '../io.js';
import { keeping } from '../keeping.js';
import type { Opened } from '../opened.js';
import { outOfBand } from '../login/redirect-uri.js';
import { unlessInterrupted } from '../waits.js';
import { createAsk, secretOf } from './ask.js';
import { failed, ok, skipped, type CheckName, type Finding, type Judged } from './finding.js';
import {
  clockOf,
  companyOf,
  credentialsOf,
  environmentOf,
  originsOf,
  tokenOf,
  withoutToken,
  type Heard,
} from './judge.js';
import { lockOf, permissionsOf } from './store-checks.js';

const reach =
  'Check name resolution, proxy (HTTPS_PROXY) and certificates of this machine, and https://status.procore.com';

/** Makes the checks one after another. None of them presents the refresh token, but `renewal`, which is made only if it is asked for. */
export async function* findingsOf(
  io: Io,
  opened: Opened,
  { account, isRenewing }: { account: string; isRenewing: boolean },
): AsyncGenerator<Finding> {
  const { options } = opened;
  const { loginUrl, apiUrl } = options.environment;
  const ask = createAsk(io);
  const made = async (check: CheckName, tried: string, judge: () => Judged | Promise<Judged>) => ({
    check,
    tried,
    ...(await judge()),
  });
  const answered = (heard: Promise<Heard>, judge: (heard: Heard) => Judged): Promise<Judged> =>
    unlessInterrupted(
      io,
      heard.then(judge, (error: unknown) => failed(`no answer (${codeOf(error)})`, reach)),
    );

  yield made('settings', 'read the settings', () =>
    ok(`they are complete, for ${originsOf(options.environment)}`),
  );
  yield made('store', 'looked at where the tokens are kept', () =>
    permissionsOf(opened, account, io.platform),
  );
  yield made('lock', 'took the lock of the tokens, and gave it back', () =>
    unlessInterrupted(io, lockOf(io, opened, account)),
  );

  let login: Heard | undefined;
  const reached = ({ status }: Heard) => ok(`it has answered (${status})`);
  yield made('login-host', `GET ${loginUrl}/`, () =>
    answered(ask.get(`${loginUrl}/`), (heard) => reached((login = heard))),
  );
  yield made('api-host', `GET ${apiUrl}/`, () => answered(ask.get(`${apiUrl}/`), reached));
  yield made('clock', 'compared the Date header of the login host with the clock of this machine', () =>
    login ? clockOf(login) : skipped('the login host has not answered'),
  );

  const secret = await unlessInterrupted(io, secretOf(opened));
  const form = {
    grant_type: 'authorization_code',
    client_id: options.clientId,
    client_secret: secret ?? '',
    code: 'axios-procore-doctor',
    redirect_uri: options.redirectUri ?? outOfBand,
  };
  yield made('credentials', `POST ${loginUrl}/oauth/token with a code that does not exist`, () => {
    if (secret === undefined)
      return skipped('there is no client secret: PROCORE_CONFIG exchanges tokens itself');
    if (!login) return skipped('the login host has not answered');
    return answered(ask.postForm(`${loginUrl}/oauth/token`, form), credentialsOf);
  });

  let unread: string | undefined;
  const tokens = await tokensOf(io, opened, account).catch((error: unknown) => {
    if (error instanceof Interrupted) throw error;
    unread = failureOf(error);
    return 'unreadable' as const;
  });
  const held = stateOf(account, tokens, io.env.now());
  const listed =
    held.state !== 'missing'
      ? []
      : await accountsOf(io, opened, undefined).catch((error: unknown) => {
          if (error instanceof Interrupted) throw error;
          return [];
        });
  const others = listed.filter((name) => name !== account && name !== opened.ownAccount);
  const bearer = typeof tokens === 'object' ? tokens.access_token : undefined;
  const isUsable = bearer && (held.state === 'fresh' || held.state === 'aging') ? bearer : undefined;
  const headers = { Authorization: `Bearer ${isUsable}` };
  yield made('token', `GET ${loginUrl}/oauth/token/info with the access token`, () => {
    if (held.state === 'missing' && options.grant === 'client_credentials')
      return skipped('a service account keeps no token; to ask for one, run: axios-procore doctor --refresh');
    return isUsable
      ? answered(ask.get(`${loginUrl}/oauth/token/info`, headers), (heard) =>
          tokenOf(heard, options.clientId),
        )
      : unread === undefined
        ? withoutToken(held, others)
        : failed(`the store could not be read ${unread}`, 'Mend what its error names, and try again.');
  });
  yield made('environment', 'compared where the token was issued with the settings', () =>
    bearer ? environmentOf(decodeClaims(bearer)?.['iss'], options.environment) : skipped('there is no token'),
  );
  const { companyId } = options;
  const named = typeof companyId === 'function' || companyId === undefined ? undefined : String(companyId);
  yield made('company', `GET ${apiUrl}/rest/v1.0/companies with the access token`, () => {
    if (!isUsable) return skipped('there is no token that works');
    if (typeof companyId === 'function') return skipped('PROCORE_CONFIG decides the company of each call');
    const more: Record<string, string> = named === undefined ? {} : { 'Procore-Company-Id': named };
    return answered(ask.get(`${apiUrl}/rest/v1.0/companies`, { ...headers, ...more }), (heard) =>
      companyOf(heard, named),
    );
  });

  if (!isRenewing) return;
  const before = typeof tokens === 'object' ? tokens : undefined;
  yield made('renewal', `renewed the tokens at ${loginUrl}`, () =>
    keeping(io, opened, { account, before }, () => opened.handle.renew(account)).then(
      () => ok('the tokens are renewed and saved'),
      (error: Error) => ({
        ...failed(error.message, 'Run axios-procore explain with this message.'),
        ...(error instanceof CommandError ? { remedy: 'Mend the store first.', shown: error.shown } : {}),
      }),
    ),
  );
}
