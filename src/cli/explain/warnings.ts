import type { WarningCode } from '../../observe/events.js';

/** One message of a warning, and what to do about it. Both are Markdown, with links from `docs/`, whose page of troubleshooting shows them. */
export interface WarningRow {
  readonly says: string;
  readonly remedy: string;
}

/** The warnings of an attach, each with its messages. */
export const warnings: Readonly<Record<WarningCode, readonly WarningRow[]>> = {
  'adapter-replaced': [
    {
      says: '`a request interceptor that runs after attachProcore replaces config.adapter, so those calls bypass the plugin`',
      remedy:
        'These calls have no token, no retries and no pacing. Register the interceptor after `attachProcore`, or give its adapter as `instance.defaults.adapter`',
    },
  ],
  'unlisted-procore-host': [
    {
      says: "`… is not one of this environment's origins, so its calls get no token`",
      remedy:
        'A `*.procore.com` that the token may not go to. Where it should: the option `origins`, https only',
    },
  ],
  'legacy-refresh': [
    {
      says: '`the application still refreshes tokens by itself; its answer is taken over, but two refreshers race for a single-use token`',
      remedy:
        'Remove that code, or have its requests answered: [`legacy: { takeOverRefresh: true }`](legacy.md)',
    },
    {
      says: '`the application has got tokens of another user than those of this account, or nobody can say whose: they are left to it`',
      remedy: 'Tell whose tokens a call uses: [several users](legacy.md#several-users)',
    },
    {
      says: '`legacy.takeOverRefresh takes nothing over, because the application gets its tokens by requests that no attached instance makes`',
      remedy:
        'After a 401 the user had a new token within seconds, and no attached instance asked for it: nothing keeps processes from spending the same refresh token. Attach to the instance that makes the token requests too: [legacy code](legacy.md)',
    },
  ],
  'another-user': [
    {
      says: '`a call brings a bearer of another user than those whose tokens are held here, or one that was never held here: such calls go out as they come, and their tokens are not renewed`',
      remedy:
        "Right where your code has other users' tokens by itself. Else say [whose call it is](authorization.md#whose-call-it-is), or remove the `Authorization` that your code sets",
    },
    {
      says: '`a call brings a bearer of a user of whom no tokens are held here`',
      remedy:
        "The same with `accountBySubject`, and under register: the user's tokens come with the next log-in or refresh",
    },
  ],
  'account-changed-owner': [
    {
      says: '`has brought tokens of another user than those that were held: from now on these are used`',
      remedy:
        'Two users on one account. One after another is fine; several at once need [accounts](authorization.md#several-users)',
    },
    {
      says: '`store.load() has returned tokens of another user than those that account … has used, twice in a row: from now on these are used`',
      remedy: 'See that `load` and `save` use the account that they are given',
    },
  ],
  'company-conflict': [
    {
      says: '`… names company …, and company …. It is sent with Procore-Company-Id …. Name one company in a call`',
      remedy:
        '[The company of a call](reference.md#the-company-of-a-call): header, path, query and body have to agree',
    },
  ],
  'lock-contract': [
    {
      says: '`store.lock() settled before its critical section was done: others may have had the lock meanwhile`',
      remedy: '`lock` of your store has to await the function that it is given: [`lock`](stores.md#lock)',
    },
    {
      says: '`store.lock() failed after its critical section was done`, `store.lock() has not settled … ms after its critical section`',
      remedy: 'What was done under the lock counts; its release failed, or hangs',
    },
  ],
  'store-contract': [
    {
      says: 'it ends with `rule "…" of docs/stores.md`',
      remedy:
        'Your store breaks one of [its rules](stores.md#the-rules): the message says what was seen, and what to do. Run the [contract](stores.md#testing-a-store-of-your-own) on it',
    },
  ],
  'client-shared': [
    {
      says: '`the access tokens of this client are refused soon after they were issued, again and again: another process seems to ask for tokens of the same client`',
      remedy: 'Service accounts: one [store](stores.md) for all processes of the client',
    },
  ],
  'listener-failed': [
    {
      says: '`a listener of "…" failed`',
      remedy: 'A listener of yours has thrown. No call was harmed by it',
    },
  ],
  'axios-version': [
    {
      says: '`axios …`, and what this version cannot do',
      remedy:
        '[What each version cannot do](compatibility.md#axios), and [proxies](compatibility.md#proxies)',
    },
  ],
  'unverified-tls': [
    {
      says: '`the certificate of the server is not checked (rejectUnauthorized: false on an agent, or NODE_TLS_REJECT_UNAUTHORIZED=0)`',
      remedy: 'Give the agent the certificate of your proxy, `{ ca }`, or the process `NODE_EXTRA_CA_CERTS`',
    },
  ],
  unencrypted: [
    {
      says: '`the client secret and the tokens go to … in the clear, because its environment has allowHttp`',
      remedy:
        'Right for an [emulator in another container](emulator.md#in-a-container), and for nothing else',
    },
  ],
  'deprecated-endpoint': [
    {
      says: '`is deprecated, and Procore ends everything under /vapid`, `is in your option "deprecatedEndpoints"`',
      remedy:
        'Move the call to the endpoint that replaces it: [warnings while it runs](health.md#warnings-while-it-runs)',
    },
  ],
  'pacing-alone': [
    {
      says: '`the state that processes share of their rate limits does not answer: …. Until it does, this process paces its calls by itself, and may meet 429s`',
      remedy: 'Look after Redis; no call fails for it. [When Redis is away](pacing.md#when-redis-is-away)',
    },
  ],
};

/** The warnings of the process that come from parts which have no handle. */
export const processWarnings: Readonly<Record<string, readonly WarningRow[]>> = {
  'health-file': [
    {
      says: 'a file of [`recordHealth`](health.md#memory-and-restarts) cannot be read or written; recording goes on without',
      remedy: 'see that one process writes to it, and that its folder can be written to',
    },
  ],
  notices: [
    {
      says: '`postgresTokenStore: the pool connects to a pooler (PgBouncer or the like), over which LISTEN does not work`',
      remedy: 'a pool that connects to the server directly, or [`drain: false`](stores.md#pgbouncer)',
    },
  ],
};

/** A warning with its messages, as texts without Markdown. */
export interface ExplainedWarning {
  readonly code: string;
  readonly messages: readonly WarningRow[];
}

/** A code in a line of the log, be that JSON in which the quotation mark is escaped, and in what Node prints of a warning of the process. */
const codeInLine = /\(warning code=\\?"([\w-]+)|\[(?!warning\])([\w-]+)\] ProcoreWarning\b/;

/** The warning of this code, or of the code in a line; undefined where there is none. */
export function warningIn(text: string): ExplainedWarning | undefined {
  const [, inLog, ofProcess] = codeInLine.exec(text) ?? [];
  const code = inLog ?? ofProcess ?? text;
  const all: Readonly<Record<string, readonly WarningRow[]>> = { ...warnings, ...processWarnings };
  const rows = Object.hasOwn(all, code) ? all[code] : undefined;
  return (
    rows && {
      code,
      messages: rows.map(({ says, remedy }) => ({
        says: withoutMarkdown(says),
        remedy: withoutMarkdown(remedy),
      })),
    }
  );
}

/** A link names its page behind its text: `several users (docs/legacy.md#several-users)`. */
function withoutMarkdown(text: string): string {
  return text.replace(/\[([^\]]+)\]\(([^)]+)\)/g, '$1 (docs/$2)').replaceAll('`', '');
}
