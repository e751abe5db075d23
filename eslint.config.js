import tseslint from 'typescript-eslint';

/** Pure rooms: values in, values out. They import types and one another, nothing with an effect. */
const pure = [
  'src/environments.ts',
  'src/axios-limits.ts',
  'src/{code-mistakes,in-words,instance-hint,nearest,option-hints,store-hint}.ts',
  'src/{timeout,way}.ts',
  'src/wire/*.ts',
  'src/failure/{transport,never-sent}.ts',
  'src/token/{verdicts,login-pace}.ts',
  'src/token/{evidence,trial}.ts',
  'src/token/{doubt,issuer,token-set,writable,moments,freshness,grant,revocation-form,backoff,brake,adoption,old-session,clock}.ts',
  'src/token/{extras,kept,foresight,authorisation-line,added-fields}.ts',
  'src/failure/{catalogue,body,json,challenge,classify,assess,problem,partial-failures}.ts',
  'src/retry/{decide,delay,replayable}.ts',
  'src/pacing/{headers,window,closing,plan}.ts',
  'src/observe/clean-cause.ts',
  'src/observe/redact.ts',
  'src/store/file/{format,mounts}.ts',
  'src/store/{client-mistakes,replaces,rules}.ts',
  'src/store/redis/{keys,scripts}.ts',
  'src/store/postgres/{table,errors}.ts',
  'src/register/{paths,foreign,secrets}.ts',
];
/**
 * Rooms with effects: they get each other as arguments; only attach.ts (and index.ts, which only names) wires them. What a token source
 * is made of (renewal, saver, late save, ledger) is its own affair.
 */
const effects = [
  'attach',
  'env',
  'line',
  'install',
  'dispatch',
  'authorise',
  'pace',
  'send',
  'shared',
  'token/exchange',
  'token/mutex',
  'token/keeper',
  'token/login',
  'token/source',
  'retry/schedule',
  'pacing/gate',
  'pacing/gates',
  'observe/events',
  'store/memory',
  'store/encrypted',
  'store/file',
  'store/redis',
  'store/postgres',
];
const effectImports = {
  regex: `^\\.{1,2}/(.*/)?(${effects.map((room) => room.split('/').at(-1)).join('|')})\\.js$`,
  allowTypeImports: true,
  message: 'Take it as an argument: only attach.ts wires rooms with effects (types may be imported).',
};
const clocks = [
  { object: 'Date', property: 'now', message: 'Time comes from env.ts, as an argument.' },
  { object: 'Math', property: 'random', message: 'Chance comes from env.ts, as an argument.' },
  { object: 'performance', property: 'now', message: 'Time comes from env.ts, as an argument.' },
  { object: 'AbortSignal', property: 'timeout', message: 'Timers come from env.ts, as an argument.' },
];

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', 'test/recipes/generated/**'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'scripts/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A rejection travels as what it was: user code and axios may reject with anything.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/env.ts', 'src/awake.ts', 'src/emulator/**', 'src/cli/**', 'src/store-contract/**'],
    rules: {
      'no-restricted-properties': ['error', ...clocks],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({
          name,
          message: 'Timers come from env.ts, as an argument.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time comes from env.ts, as an argument.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: [
      'src/attach.ts',
      'src/index.ts',
      'src/emulator/**',
      'src/store-contract/**',
      'src/register/**',
      'src/cli/**',
      ...pure,
    ],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [effectImports] }] },
  },
  {
    files: pure,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            effectImports,
            {
              regex: '^(?!\\.{1,2}/|jwt-decode$)',
              allowTypeImports: true,
              message: 'A pure room imports types and pure rooms only.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**', 'bench/**', 'examples/**', 'scripts/**', '*.js', '*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['**/*.js', '**/*.cjs', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
