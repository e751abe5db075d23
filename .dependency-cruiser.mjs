/**
 * The walls of the house. A room of `src/` imports, types included, from itself and from the rooms below it in this list only, so that
 * there is no circle of imports between rooms. Below an effect stands nothing but decisions: pure files import pure files only.
 */
export const rooms = [
  'cli',
  'register',
  'emulator',
  'store-contract',
  'collections',
  'health',
  'opentelemetry',
  'settings',
  'attach',
  'legacy',
  'line',
  'token',
  'retry',
  'observe',
  'report',
  'axios',
  'failure',
  'options',
  'pacing',
  'store',
  'time',
  'wire',
  'text',
];

/** The rooms of `src/token/`, by the same rule; `source.ts` and what stands beside it are above them all. */
export const tokenRooms = [
  'authorization',
  'renewal',
  'saving',
  'loading',
  'grant',
  'endpoint',
  'told',
  'pair',
];

/** Values in, values out: no clock, no chance, no transport, no state. Of Node they use a hash, of others the reading of a JWT and of the header `Link`. */
const pure = [
  'attach/(code-mistakes|instance-hint)',
  'axios/(limits|timeout)',
  'cli/(answer|words|doctor/(finding|judge)|explain/.+|login/(page|redirect-uri|returned))',
  'collections/(batches|foresee|items|libraries|link|next-page|query|response|sync-answer)',
  'failure/(assess|body|catalogue|challenge|classify|error-base|error-page|error-prototypes|errors|find-reason|json|never-sent|partial-failures|problem|reasons|synthetic|transport)',
  'health/(calls|csv|endpoints|failures|file-format|kinds|observations|recording|report|slots|states|token-events|page/.+)',
  'line/history',
  'observe/log-(fields|level|text)',
  'opentelemetry/attributes',
  'options/hints',
  'pacing/(closing|plan|status|window|(redis|shared)/.+)',
  'report/.+',
  'retry/decide',
  'settings/(foreign|paths|secrets)',
  'store/(client-mistakes|copy-of|replaces|rules|store|store-hint)',
  'store/file/(format|mounts)',
  'store/postgres/(errors|table)',
  'store/redis/(keys|scripts)',
  'text/.+',
  'time/backoff',
  'token/endpoint/(forms|login-pace|verdict)',
  'token/pair/(?!ledger)[^/]+',
  'token/renewal/standing',
  'wire/.+',
].map((file) => `^src/${file}[.]ts$`);

/** What has an effect and one owner: whoever needs it is given it, and only `attach/` puts it together. */
const wiredByAttach = [
  'attach/(attach|shared)',
  'line/(authorize|chain|dispatch|entrance|enter|long-path|replay|retry|send|settle)',
  'observe/events',
  'observe/log',
  'pacing/(gates?|outage|redis|shared-gate)',
  'store/(encrypted|file|memory|postgres|redis)',
  'time/env',
  'token/endpoint/(exchange|login)',
  'token/grant/registry',
  'token/loading/keeper',
  'token/account-source',
].map((file) => `^src/${file}[.]ts$`);

/** Programs of their own, which put together what they need. */
const programs =
  '^src/(cli|register|settings|emulator|store-contract|collections|health|opentelemetry)/|^src/index[.]ts$';

function below(folder, order) {
  return order.slice(1).map((room, index) => ({
    name: `${room}-stands-below`,
    severity: 'error',
    comment: `Rooms import from rooms below them only; the order is ${order.join(', ')}.`,
    from: { path: `^${folder}/${room}/` },
    to: { path: `^${folder}/(${order.slice(0, index + 1).join('|')})/` },
  }));
}

export default {
  forbidden: [
    ...below('src', rooms),
    ...below('src/token', tokenRooms),
    {
      name: 'programs-stand-apart',
      severity: 'error',
      comment:
        'The emulator, the contract of stores, `collections`, `health`, `opentelemetry` and `register` know nothing of one another; the command may use them.',
      from: { path: '^src/(register|emulator|store-contract|collections|health|opentelemetry)/' },
      to: {
        path: '^src/(register|emulator|store-contract|collections|health|opentelemetry)/',
        pathNot: '^src/$1/',
      },
    },
    {
      name: 'no-way-up-in-token',
      severity: 'error',
      comment:
        'What stands beside `src/token/account-source.ts` puts the rooms below together, and they do not know it.',
      from: { path: '^src/token/.+/' },
      to: { path: '^src/token/[^/]+$' },
    },
    {
      name: 'the-entrance-is-for-others',
      severity: 'error',
      comment: 'index.ts names what is public; inside, a name is imported from where it is made.',
      from: { path: '^src/' },
      to: { path: '^src/index[.]ts$' },
    },
    {
      name: 'the-error-page-is-for-docs',
      severity: 'error',
      comment: 'It would be in the package that everybody loads, and nothing there needs it.',
      from: { path: '^src/' },
      to: { path: '^src/failure/error-page[.]ts$' },
    },
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'No circle of imports, in a room either; types alone may refer to one another there.',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-files-import-pure-files',
      severity: 'error',
      comment: 'A pure file imports types, and values of pure files only.',
      from: { path: pure },
      to: {
        pathNot: [...pure, 'node_modules/(jwt-decode|http-link-header)/', '^(node:)?(crypto|stream)$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'effects-are-given',
      severity: 'error',
      comment:
        'Take it as an argument: only attach/ puts rooms with effects together (types may be imported).',
      from: { path: '^src/', pathNot: `${programs}|^src/attach/` },
      to: { path: wiredByAttach, dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
