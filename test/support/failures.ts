import type { AxiosError } from 'axios';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { TokenSet } from '../../src/store/store.js';
import { attachTo } from './attach-to.js';
import { caught } from './caught.js';
import { drive } from './drive.js';
import { createHarness, type Harness } from './harness.js';

/** As long as Procore's. */
export const clientSecret = 'c0ffee00c0ffee11c0ffee22c0ffee33c0ffee44c0ffee55c0ffee66c0ffee77';

/** One failure of every kind that a whole plugin can be brought to. */
export interface Failure {
  name: string;
  code: string;
  kind: string;
  /** False: the response is the API's own. */
  synthetic: boolean;
  options?: Partial<ProcoreOptions>;
  /** Brings it about, up to the call. */
  prepare: (stage: Stage) => unknown;
}

/** What a failure is prepared on. */
interface Stage {
  h: Harness;
  /** The pair in the store. */
  pair: TokenSet;
  /** Changes the options of the attach. */
  use(options: Partial<ProcoreOptions>): void;
  /** What the failing call is made with. */
  config: Record<string, unknown>;
}

const me = '/rest/v1.0/me';
const expire = (h: Harness) => h.env.jump(5_401_000);
const rejectClient = { error: 'invalid_client' };

const reauthentication = {
  code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
  kind: 'reauthentication-required',
  synthetic: true,
};
const renewal = { code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', kind: 'token-renewal-failed', synthetic: true };
const rejected = { code: 'ERR_PROCORE_CLIENT_REJECTED', kind: 'client-rejected', synthetic: true };
const store = { code: 'ERR_PROCORE_TOKEN_STORE_FAILED', kind: 'token-store-failed', synthetic: true };

export const failures: Failure[] = [
  { name: 'no tokens', ...reauthentication, prepare: ({ h }) => h.store.sets.clear() },
  {
    name: 'no refresh token',
    ...reauthentication,
    prepare({ h, pair }) {
      h.store.sets.set('default', { access_token: pair.access_token });
      expire(h);
    },
  },
  {
    name: 'a dead grant and an expired token',
    ...reauthentication,
    prepare({ h, pair }) {
      h.emulator.revokeGrant(pair.refresh_token!);
      expire(h);
    },
  },
  {
    name: 'a dead grant after a 401',
    ...reauthentication,
    synthetic: false,
    prepare: ({ h, pair }) => h.emulator.revokeGrant(pair.refresh_token!),
  },
  {
    name: 'a lost answer',
    ...reauthentication,
    prepare({ h }) {
      h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
      expire(h);
    },
  },
  {
    name: 'a token endpoint out of order',
    ...renewal,
    prepare({ h, pair }) {
      const body = {
        error: `oops ${pair.refresh_token}`,
        error_description: `refresh_token=${pair.refresh_token}`,
      };
      h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 500, body } });
      expire(h);
    },
  },
  {
    name: 'a token endpoint out of order after a 401',
    ...renewal,
    synthetic: false,
    prepare({ h }) {
      h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'answer', status: 500 } });
      h.emulator.revoke();
    },
  },
  {
    name: 'a token endpoint that hangs',
    ...renewal,
    prepare({ h }) {
      h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
      expire(h);
    },
  },
  {
    name: 'a token endpoint that redirects with the tokens in the URL',
    ...renewal,
    prepare({ h, pair }) {
      const location = `https://login.example.com/x?refresh_token=${pair.refresh_token}&s=${clientSecret}`;
      h.emulator.misbehave({ on: 'token', do: { kind: 'redirect', location } });
      expire(h);
    },
  },
  {
    name: 'an exchange that throws all it knows',
    ...renewal,
    prepare({ h, pair, use }) {
      const thrown = Object.assign(new Error(`exchange of ${pair.refresh_token}`), {
        config: { data: `refresh_token=${pair.refresh_token}&client_secret=${clientSecret}` },
        code: pair.refresh_token,
      });
      use({ exchange: () => Promise.reject(thrown) });
      expire(h);
    },
  },
  {
    name: 'an exchange that returns a text of tokens',
    ...renewal,
    prepare({ h, pair, use }) {
      use({ exchange: () => Promise.resolve(JSON.stringify(pair) as never) });
      expire(h);
    },
  },
  {
    name: 'a clientSecret function that throws the secret',
    ...renewal,
    prepare({ h, use }) {
      use({ clientSecret: () => Promise.reject(new Error(clientSecret)) });
      expire(h);
    },
  },
  {
    name: 'a rejected client, whose secret the answer repeats',
    ...rejected,
    prepare({ h, pair }) {
      const error_description = `client_secret ${clientSecret} does not match, refresh_token ${pair.refresh_token}`;
      const body = { ...rejectClient, error_description };
      h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 401, body } });
      expire(h);
    },
  },
  {
    name: 'a store whose error quotes its row',
    ...store,
    prepare({ h, pair }) {
      h.store.onLoad = () =>
        Promise.reject(Object.assign(new Error(`row ${JSON.stringify(pair)}`), { row: pair }));
    },
  },
  {
    name: 'a store that returns a text',
    ...store,
    prepare: ({ h, pair }) => (h.store.onLoad = () => JSON.stringify(pair)),
  },
  {
    name: 'a store that returns a wrong shape',
    ...store,
    prepare: ({ h, pair }) =>
      (h.store.onLoad = () => ({ access: pair.access_token, refresh: pair.refresh_token })),
  },
  {
    name: 'a lock whose error quotes the token',
    ...store,
    prepare({ h, pair, use }) {
      const lock = () => Promise.reject(new Error(`locked by ${pair.refresh_token}`));
      use({ store: { load: h.store.load, save: h.store.save, lock, renewsLock: true } });
      expire(h);
    },
  },
  {
    name: 'a deadline',
    code: 'ERR_PROCORE_DEADLINE',
    kind: 'deadline',
    synthetic: true,
    prepare({ h, config }) {
      h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
      config['procore'] = { deadlineMs: 1_000 };
    },
  },
  {
    name: 'another environment',
    code: 'ERR_PROCORE_WRONG_ENVIRONMENT',
    kind: 'wrong-environment',
    synthetic: true,
    prepare: ({ config }) => (config['url'] = 'https://api.procore.com/rest/v1.0/me?token=abc'),
  },
  {
    name: 'an undecided account',
    code: 'ERR_PROCORE_ACCOUNT_UNDECIDED',
    kind: 'account-undecided',
    synthetic: true,
    async prepare({ h, use }) {
      use({ account: accountBySubject });
      await h.procore.setTokens(h.emulator.issue({ userId: 2 }), '2');
    },
  },
];

/** Every token that this stage has seen, and the secret. */
export type Secrets = () => string[];

/** Brings a failure about. `sent` is the configuration that the application's own interceptor saw. */
export async function fail(
  failure: Failure,
  extra: Record<string, unknown> = {},
): Promise<
  {
    h: Harness;
    error: AxiosError & Record<string, unknown>;
    sent: unknown;
    secrets: Secrets;
  } & AsyncDisposable
> {
  const h = await createHarness({ emulator: { clientSecret } });
  const issued: TokenSet[] = [];
  const { issue } = h.emulator;
  h.emulator.issue = (options) => {
    const set = issue(options);
    issued.push(set);
    return set;
  };
  issued.push(h.store.sets.get('default')!);
  h.store.onSave = (tokens) => void issued.push(tokens);
  let sent: unknown;
  const config: Record<string, unknown> = { url: me, ...extra };
  await failure.prepare({
    h,
    pair: h.store.sets.get('default')!,
    use(options) {
      h.procore.detach();
      const procore = attachTo(h, h.instance, { clientSecret, ...options });
      for (const event of ['token-renewal-failed', 'reauthentication-required', 'warning'] as const) {
        procore.on(event, (detail) => void h.told.push({ event, detail: { ...detail } }));
      }
      h.procore = procore;
    },
    config,
  });
  h.instance.interceptors.request.use((final) => {
    sent = final;
    return final;
  });
  const error = await drive(h.env, caught(h.instance.request(config)), 100_000);
  const secrets = () => [
    clientSecret,
    ...[...issued, ...h.store.sets.values()].flatMap(({ access_token, refresh_token }) =>
      [access_token, refresh_token].filter((token) => typeof token === 'string'),
    ),
  ];
  return { h, error, sent, secrets, [Symbol.asyncDispose]: () => h.emulator.close() };
}
