import axios from 'axios';
import { expect, test } from 'vitest';
import * as axiosNamespace from 'axios';
import { startEmulator } from '../../src/emulator/index.js';
import { attachProcore, memoryTokenStore, type Procore } from '../../src/index.js';
import { encryptedTokenStore } from '../../src/store/encrypted.js';
import { fileTokenStore } from '../../src/store/file.js';
import { postgresTokenStore } from '../../src/store/postgres.js';
import { redisPacing } from '../../src/pacing/redis.js';
import { redisTokenStore } from '../../src/store/redis.js';
import { checkRequestOptions } from '../../src/options/checks.js';

/** What must be in no message, wherever it was put: a client secret, short enough to look like a word. */
const secret = 'hunter2-of-the-app';
const good = { clientId: 'id', clientSecret: 'cs', store: memoryTokenStore() };
const redirectUri = 'https://app.example.com/callback';

const attach = (options: object | undefined, instance: unknown = axios.create()): Procore =>
  attachProcore(instance as never, options as never);
const withOption = (option: object) => () => attach({ ...good, ...option });
const withStore = (store: unknown) => withOption({ store });
const withInstance = (instance: unknown) => () => attach(good, instance);
const onCall = (options: unknown) => () => checkRequestOptions(options);
const exchanging = (request: object) => () => attach(good).exchangeCode(request as never);
const load = () => null;
const save = () => undefined;
class TableStore {
  load = load;
  save = save;
}
class WithGetAndSet {
  get() {}
  set() {}
}

const mistakes: [what: string, make: () => unknown, says: RegExp][] = [
  // The instance.
  ['no instance', withInstance(null), /got nothing; it takes an axios instance.*made, and exported, before/],
  [
    'a namespace import of axios',
    withInstance({ ...axiosNamespace }),
    /import \* as axios.*import axios from 'axios'/,
  ],
  ['a namespace of a CommonJS build', withInstance({ default: { default: axios } }), /import \* as axios/],
  ['axios.create uncalled', withInstance(() => axios.create()), /got a function.*call it: axios\.create\(\)/],
  ['the real axios.create uncalled', withInstance(axios.create), /call it: axios\.create\(\)/],
  ['a promise of an instance', withInstance(Promise.resolve(axios)), /Await it first/],
  ['the class Axios', withInstance(class Axios {}), /This is a class/],
  ['a configuration', withInstance({ baseURL: 'https://api.procore.com' }), /axios\.create\(configuration\)/],
  ['the options first', withInstance(good), /attachProcore\(instance, options\)/],
  ["Nest's HttpService", withInstance({ axiosRef: axios }), /axiosRef/],
  ['a text', withInstance(secret), /got a string; it takes an axios instance/],
  ['another client', withInstance({ get() {}, post() {} }), /Make one with axios\.create\(\)/],
  // The options as a whole.
  ['no options', () => attach(undefined), /option "options" is missing; it takes an object with clientId/],
  ['a promise of options', () => attach(Promise.resolve(good)), /"options" is a promise.*Await it first/],
  ['a function for options', () => attach(() => good), /"options" is a function/],
  ['a secret for options', () => attach(secret as never), /"options" is a string of length 18/],
  // Names.
  ...(
    [
      [{ compnayId: 1 }, /Did you mean "companyId"\?$/],
      [{ company_id: 1 }, /Did you mean "companyId"/],
      [{ company: 1 }, /Did you mean "companyId"/],
      [{ client_id: secret }, /Did you mean "clientId"/],
      [{ clientID: secret }, /Did you mean "clientId"/],
      [{ client_secret: secret }, /Did you mean "clientSecret"/],
      [{ clientSecert: secret }, /Did you mean "clientSecret"/],
      [{ secret }, /Did you mean "clientSecret"/],
      [{ tokenStore: good.store }, /Did you mean "store"/],
      [{ storage: good.store }, /Did you mean "store"/],
      [
        { baseUrl: 'https://api.procore.com' },
        /Did you mean "environment", or the "baseURL" of axios\.create/,
      ],
      [
        { baseURL: 'https://api.procore.com' },
        /Did you mean "environment", or the "baseURL" of axios\.create/,
      ],
      [{ sandbox: true }, /Did you mean "environment": 'developer-sandbox' or 'monthly-sandbox'/],
      [{ env: 'production' }, /Did you mean "environment"/],
      [{ enviroment: 'production' }, /Did you mean "environment"/],
      [{ apiUrl: 'https://a.com' }, /Did you mean "environment": \{ loginUrl, apiUrl \}/],
      [{ timeout: 5 }, /Did you mean "maxWaitMs" \(each wait\), "deadlineMs"/],
      [{ timeoutMs: 5 }, /Did you mean "renewal\.timeoutMs"/],
      [{ aheadMs: 5 }, /Did you mean "renewal\.aheadMs"/],
      [{ maxRetries: 5 }, /Did you mean "retry": \{ retries \}/],
      [{ baseDelayMs: 5 }, /Did you mean "retry\.baseDelayMs"/],
      [{ takeOverRefresh: true }, /Did you mean "legacy\.takeOverRefresh"/],
      [{ scope: 'app' }, /Did you mean "rateLimit\.scope"/],
      [{ redirect_uri: redirectUri }, /Did you mean "redirectUri"/],
      [{ callbackUrl: redirectUri }, /Did you mean "redirectUri"/],
      [{ grant_type: 'refresh_token' }, /Did you mean "grant"/],
      [{ log: console }, /Did you mean "logger"/],
      [{ userId: 'x' }, /Did you mean "account"/],
      [{ refreshToken: secret }, /Did you mean "store", or setTokens\(\)/],
      [{ access_token: secret }, /Did you mean "store", or setTokens\(\)/],
      [{ renewals: {} }, /Did you mean "renewal"/],
      [{ [`${secret} and more`]: 1 }, /option of 27 characters does not exist/],
      [{ renewal: { timeout: 5 } }, /"renewal\.timeout".*Did you mean "timeoutMs"/],
      [{ renewal: { retries: 5 } }, /Did you mean "retry\.retries"/],
      [{ retry: { maxRetries: 5 } }, /Did you mean "retry": \{ retries \}/],
      [{ retry: { delay: 5 } }, /Did you mean "retry": \{ baseDelayMs, maxDelayMs \}/],
      [{ rateLimit: { scopes: 'app' } }, /Did you mean "scope"/],
      [{ legacy: { takeoverRefresh: true } }, /Did you mean "takeOverRefresh"/],
      [{ environment: { apiURL: 'https://a.com', loginUrl: 'https://b.com' } }, /Did you mean "apiUrl"/],
    ] as const
  ).map(([option, says]): [string, () => unknown, RegExp] => [
    `the name in ${JSON.stringify(option)}`,
    withOption(option),
    says,
  ]),
  // Values.
  ['an unset client id', withOption({ clientId: undefined }), /"clientId" is missing.*environment variable/],
  [
    'an empty secret',
    withOption({ clientSecret: '' }),
    /"clientSecret" is an empty string.*environment variable/,
  ],
  ['a number as secret', withOption({ clientSecret: 40_417 }), /^(?!.*40417).*"clientSecret" is a number/],
  ['a promise of a secret', withOption({ clientSecret: Promise.resolve(secret) }), /is a promise/],
  ...(
    [
      [{ environment: secret }, /"environment" is a string of length 18; it takes one of production/],
      [{ environment: 'Production' }, /Did you mean 'production'\?/],
      [{ environment: 'sandbox' }, /Did you mean 'developer-sandbox' or 'monthly-sandbox'\?/],
      [{ environment: 'developer_sandbox' }, /Did you mean 'developer-sandbox'\?/],
      [{ environment: 'https://api.procore.com' }, /give \{ loginUrl, apiUrl \}/],
      [
        { environment: { loginUrl: secret, apiUrl: secret } },
        /"environment\.loginUrl" is a string of length 18/,
      ],
      [{ environment: { apiUrl: 'https://api.procore.com' } }, /"environment\.loginUrl" is missing/],
      [
        {
          environment: {
            loginUrl: 'https://login.procore.com/oauth/token',
            apiUrl: 'https://api.procore.com',
          },
        },
        /Did you mean 'https:\/\/login\.procore\.com'\?/,
      ],
      [{ origins: redirectUri }, /Put it into an array/],
      [{ origins: ['gateway.example.com'] }, /Begin it with https:\/\//],
      [{ origins: [`https://example.com/${secret}`] }, /new URL\(…\)\.origin/],
      [{ origins: [`id:${secret}`] }, /"origins\[0\]" is a string of length 21/],
      [{ origins: ['http://example.com'] }, /Tokens travel over https/],
      [
        { environment: { loginUrl: 'http://procore:4100', apiUrl: 'http://procore:4100' } },
        /allowHttp: true/,
      ],
      [
        {
          environment: {
            loginUrl: 'http://login.procore.com',
            apiUrl: 'http://procore:4100',
            allowHttp: true,
          },
        },
        /environment\.loginUrl.*http on loopback only/,
      ],
      [{ grant: secret }, /"grant" is a string of length 18; it takes 'refresh_token' or/],
      [{ grant: 'client-credentials' }, /Did you mean 'client_credentials'\?/],
      [{ grant: 'authorization_code' }, /exchangeCode\(\)/],
      [{ account: 17 }, /"account" is 17 \(number\); .*String\(user\.id\)/],
      [{ account: null }, /"account" is null; .*String\(user\.id\)/],
      [{ companyId: secret }, /"companyId" is a string of length 18/],
      [{ companyId: ' 17 ' }, /white space/],
      [{ companyId: 2 ** 53 }, /Give it as a string/],
      [{ retry: 5 }, /"retry" is 5 \(number\).*Give \{ retries \}/],
      [{ retry: true }, /leave it out/],
      [{ retry: { retries: '3' } }, /"retry\.retries" is a string of length 1; it takes a whole number/],
      [{ renewal: { drain: secret } }, /"renewal\.drain" is a string of length 18/],
      [{ renewal: 300_000 }, /Give \{ aheadMs \}/],
      [{ rateLimit: secret }, /"rateLimit" is a string of length 18.*Give \{ scope \}/],
      [{ rateLimit: { scope: secret } }, /"rateLimit\.scope" is a string of length 18/],
      [{ rateLimit: { scope: 'accounts' } }, /Did you mean 'account'\?/],
      [{ legacy: true }, /Give \{ takeOverRefresh: true \}/],
      [{ maxWaitMs: '60s' }, /Give a number, in milliseconds/],
      [{ deadlineMs: Infinity }, /leave it out/],
      [{ logger: secret }, /"logger" is a string of length 18/],
      [{ logger: { info() {}, warn() {} } }, /It has no function debug, error/],
      [{ logger: { log() {}, warn() {}, error() {} } }, /It has no function debug\./],
      [{ exchange: secret }, /"exchange" is a string of length 18; it takes a function/],
      [{ redirectUri: 5 }, /"redirectUri" is 5 \(number\)/],
    ] as const
  ).map(([option, says]): [string, () => unknown, RegExp] => [
    JSON.stringify(option),
    withOption(option),
    says,
  ]),
  // Stores.
  ['no store', withStore(undefined), /"store" is missing.*memoryTokenStore\(\)/],
  [
    'an uncalled memoryTokenStore',
    withStore(memoryTokenStore),
    /"store" is a function.*call it: memoryTokenStore/,
  ],
  ['an uncalled fileTokenStore', withStore(fileTokenStore), /call it: .*fileTokenStore\(\{ directory \}\)/],
  ['a class of stores', withStore(TableStore), /This is a class: give an instance, made with new/],
  ['a promise of a store', withStore(Promise.resolve(good.store)), /"store" is a promise.*Await it first/],
  ['a store without save', withStore({ load }), /It has no save\./],
  ['a store without load', withStore({ save }), /It has no load\./],
  ['a store with a misspelt save', withStore({ load, svae: save }), /It has no save: rename its svae/],
  [
    'a store with get and set',
    withStore(new WithGetAndSet()),
    /It has no load: rename its get\. It has no save: rename its set/,
  ],
  ['a store whose save is none', withStore({ load, save: true }), /Its save is no function/],
  ['an empty store', withStore({}), /It has no load\. It has no save\./],
  ['a connection string', withStore(`redis://user:${secret}@host`), /its client, not its address/],
  ['a Redis client', withStore({ eval() {} }), /redisTokenStore\(client\)/],
  ['a pool of pg', withStore({ connect() {}, query() {} }), /postgresTokenStore\(pool\)/],
  ['tokens', withStore({ access_token: secret }), /memoryTokenStore\(tokens\)/],
  [
    'a lock that ends too early',
    withStore({ load, save, lock() {} }),
    /"store\.lockMs" is missing.*renewsLock/,
  ],
  // Factories of stores.
  [
    'a path for the file store',
    () => fileTokenStore('./tokens' as never),
    /"options" is a string of length 8; it takes \{ directory \}/,
  ],
  [
    'nothing for the file store',
    () => fileTokenStore({ file: undefined }),
    /either directory.*got neither\. If it is read from an environment variable, that one is not set\.$/,
  ],
  [
    'an empty file for the file store',
    () => fileTokenStore({ file: '' }),
    /option "file" is an empty string; it takes the path of a file\. If it is read from an environment variable, that one is not set\.$/,
  ],
  [
    'both for the file store',
    () => fileTokenStore({ directory: '/a', file: '/b' }),
    /either directory.*got both/,
  ],
  [
    'dir for directory',
    () => fileTokenStore({ dir: './tokens' } as never),
    /option "dir" does not exist.*Did you mean "directory"\?/,
  ],
  ...[redisTokenStore, redisPacing].flatMap((make): [string, () => unknown, RegExp][] =>
    (
      [
        ['an address', `redis://:${secret}@h`, 'got a string of length .*Of an address make a client'],
        ['a class', class Redis {}, 'got a class\\. Make a client with it'],
        ['createClient uncalled', () => ({}), 'got a function\\. Make a client with it'],
        ['a promise of a client', Promise.resolve(), 'got a promise\\. Await it first'],
        ['options', { host: 'h', password: secret }, 'Of options make a client'],
        ['the module redis', { createClient() {} }, 'This is the module'],
        [
          'a client of redis 3',
          { eval() {}, internal_send_command() {} },
          'redis 3 or older.*takes one of redis 4',
        ],
        [
          'a client in legacy mode',
          { eval() {}, evalSha() {}, options: { legacyMode: true } },
          'legacy mode',
        ],
      ] as const
    ).map(([what, client, says]) => [
      `${what} for ${make.name}`,
      () => make(client as never),
      new RegExp(`^${make.name}: client .*${says}`),
    ]),
  ),
  [
    'an option of Redis',
    () => redisTokenStore({ eval() {}, defineCommand() {} } as never, { prefx: 'x' } as never),
    /Did you mean "prefix"\?/,
  ],
  [
    'an option of redisPacing',
    () => redisPacing({ eval() {}, defineCommand() {} } as never, { prefx: 'x' } as never),
    /^redisPacing: .*Did you mean "prefix"\?/,
  ],
  [
    'a prefix with braces for redisPacing',
    () => redisPacing({ eval() {}, defineCommand() {} } as never, { prefix: 'a{b}' }),
    /"prefix" is a string of length 4; it takes a text without \{ and \}/,
  ],
  [
    'an address for PostgreSQL',
    () => postgresTokenStore(`postgres://u:${secret}@h/d` as never),
    /got a string of length .*new pg\.Pool/,
  ],
  [
    'a class for PostgreSQL',
    () => postgresTokenStore(class Pool {} as never),
    /got a class\. Make a client with it: new pg\.Pool/,
  ],
  [
    'options for PostgreSQL',
    () => postgresTokenStore({ connectionString: secret } as never),
    /Of options make a client: new pg\.Pool/,
  ],
  [
    'the module pg',
    () => postgresTokenStore({ Pool: class {} } as never),
    /This is the module: give a client, new pg\.Pool/,
  ],
  [
    'a Client of pg',
    () => postgresTokenStore({ connect() {}, setTypeParser() {} } as never),
    /this is a Client\. Make one: new pg\.Pool/,
  ],
  [
    'an ended pool',
    () => postgresTokenStore({ connect() {}, ended: true } as never),
    /has ended\. End it after procore\.idle\(\)/,
  ],
  [
    'a schema of PostgreSQL',
    () => postgresTokenStore({ connect() {} } as never, { tabel: 'x' } as never),
    /Did you mean "table"\?/,
  ],
  [
    'an address for a table',
    () => postgresTokenStore({ connect() {} } as never, { table: `postgres://u:${secret}@h` }),
    /"table" is a string of length \d+; it takes a name such as/,
  ],
  [
    'a key for encryption',
    () => encryptedTokenStore(good.store, secret as never),
    /"options" is a string of length 18; it takes \{ keys \}/,
  ],
  ['key for keys', () => encryptedTokenStore(good.store, { key: secret } as never), /Did you mean "keys"\?/],
  [
    'a store uncalled for encryption',
    () => encryptedTokenStore(memoryTokenStore as never, { keys: [] }),
    /call it: memoryTokenStore\(\)/,
  ],
  [
    'an option of the emulator',
    () => startEmulator({ clientID: secret } as never),
    /Did you mean "clientId"\?/,
  ],
  // A call.
  ...(
    [
      [{ compnayId: 1 }, /"procore\.compnayId".*Did you mean "companyId"\?/],
      [{ account: 17 }, /"procore\.account" is 17 \(number\).*String\(user\.id\)/],
      [{ companyId: secret }, /"procore\.companyId" is a string of length 18/],
      [{ auth: true }, /"procore\.auth" is true \(boolean\).*leaves their own/],
      [{ timeout: 5 }, /"deadlineMs"/],
      [{ idempotency: true }, /does not exist; known are/],
      [{ retry: { maxRetries: 1 } }, /"retry": \{ retries \}/],
      [{ body: secret }, /"procore\.body" is a string of length 18; it takes a function/],
      [secret, /option "procore" is a string of length 18/],
    ] as const
  ).map(([option, says]): [string, () => unknown, RegExp] => [
    `${JSON.stringify(option)} on a call`,
    onCall(option),
    says,
  ]),
  // The handle.
  [
    'an account of 17',
    () => attach(good).getAccessToken(17 as never),
    /got a number as "account".*String\(user\.id\)/,
  ],
  [
    'an account of null',
    () => attach(good).setTokens({ access_token: 'a' }, null as never),
    /as "account".*such as String\(user\.id\)/,
  ],
  ['a text for tokens', () => attach(good).setTokens(secret as never), /a string/],
  [
    'an event misspelt',
    () => attach(good).on('token-renewd' as never, () => {}),
    /Did you mean "token-renewed"\?/,
  ],
  ['no listener', () => attach(good).on('warning', undefined as never), /takes a function/],
  ['no state', () => attach(good).authorizationUrl({ redirectUri } as never), /as "state".*random text/],
  [
    'a relative redirect URI',
    () => attach(good).authorizationUrl({ redirectUri: '/callback', state: 's' }),
    /as "redirectUri".*absolute URL/,
  ],
  ['a code alone', exchanging(secret as never), /got a string; it takes \{ code, redirectUri, account \}/],
  [
    'a whole URL as code',
    exchanging({ code: `${redirectUri}?code=${secret}&state=1`, redirectUri }),
    /got a whole URL; it takes its parameter "code".*searchParams\.get\('code'\)/,
  ],
  [
    'a URL without host as code',
    exchanging({ code: `/callback?code=${secret}`, redirectUri }),
    /got a whole URL/,
  ],
  ['a query as code', exchanging({ code: `code=${secret}&state=1`, redirectUri }), /got a whole query/],
  [
    'a refusal as code',
    exchanging({ code: `${redirectUri}?error=access_denied&state=${secret}`, redirectUri }),
    /error=access_denied: the user has not agreed; look at the parameter "error"/,
  ],
  [
    'the query of a refusal',
    exchanging({ error: 'access_denied', redirectUri }),
    /error=access_denied: the user has not agreed/,
  ],
  ['a code with white space', exchanging({ code: `${secret}\n`, redirectUri }), /white space.*trim\(\)/],
  ['a code with a fragment', exchanging({ code: `${secret}#_=_`, redirectUri }), /with a fragment/],
  ['a code encoded twice', exchanging({ code: `${secret}%3D`, redirectUri }), /still URL-encoded/],
  [
    'a code with the rest',
    exchanging({ code: `${secret}&state=1`, redirectUri }),
    /further parameters|whole query/,
  ],
  ['two codes', exchanging({ code: [secret, secret], redirectUri }), /got an array as "code"/],
  ['no code', exchanging({ redirectUri }), /got nothing as "code"; .*the parameter "code" of the URL/],
];

/** The message of what a mistake leads to. */
async function messageOf(make: () => unknown): Promise<string> {
  try {
    await make();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  throw new Error('expected a TypeError');
}

test.each(mistakes)(
  '%s: the message says what was wrong, what is taken, and what to do',
  async (_what, make, says) => {
    const message = await messageOf(make);
    expect(message).toMatch(says);
    expect(message).not.toContain(secret);
    expect(message).not.toContain('hunter2');
    expect(message.length).toBeLessThan(420);
    expect(message).toMatch(/[.?]$/);
  },
);
