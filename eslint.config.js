import tseslint from 'typescript-eslint';

/** Pure rooms: values in, values out. They import types and one another, nothing with an effect. */
const pure = [
  'src/axios/{limits,timeout}.ts',
  'src/attach/{code-mistakes,instance-hint}.ts',
  'src/options/hints.ts',
  'src/wire/*.ts',
  'src/text/*.ts',
  'src/time/backoff.ts',
  'src/failure/{transport,never-sent}.ts',
  'src/token/pair/{evidence,trial,doubt,issuer,token-set,writable,moments,freshness,identity,old-session}.ts',
  'src/token/pair/{extras,authorization-line,added-fields}.ts',
  'src/token/endpoint/{login-pace,verdict,revocation-form}.ts',
  'src/token/grant/foresight.ts',
  'src/token/renewal/{verdicts,brake}.ts',
  'src/token/saving/kept.ts',
  'src/failure/{catalogue,body,json,challenge,classify,assess,problem,partial-failures}.ts',
  'src/retry/decide.ts',
  'src/pacing/{window,closing,plan}.ts',
  'src/store/file/{format,mounts}.ts',
  'src/store/{client-mistakes,replaces,rules,store-hint}.ts',
  'src/store/redis/{keys,scripts}.ts',
  'src/store/postgres/{table,errors}.ts',
  'src/register/{paths,foreign,secrets}.ts',
];
/**
 * Rooms with effects: they get each other as arguments; only attach/attach.ts (and index.ts, which only names) wires them. What a token source
 * is made of (renewal, saver, late save, ledger) is its own affair.
 */
const effects = [
  'attach',
  'env',
  'chain',
  'entrance',
  'dispatch',
  'line/authorize',
  'pace',
  'send',
  'shared',
  'endpoint/exchange',
  'grant/registry',
  'bounded-store',
  'endpoint/login',
  'token/source',
  'line/retry',
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
  message: 'Take it as an argument: only attach/attach.ts wires rooms with effects (types may be imported).',
};
const clocks = [
  { object: 'Date', property: 'now', message: 'Time comes from time/env.ts, as an argument.' },
  { object: 'Math', property: 'random', message: 'Chance comes from time/env.ts, as an argument.' },
  { object: 'performance', property: 'now', message: 'Time comes from time/env.ts, as an argument.' },
  { object: 'AbortSignal', property: 'timeout', message: 'Timers come from time/env.ts, as an argument.' },
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
    ignores: [
      'src/time/env.ts',
      'src/time/awake.ts',
      'src/emulator/**',
      'src/cli/**',
      'src/store-contract/**',
    ],
    rules: {
      'no-restricted-properties': ['error', ...clocks],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({
          name,
          message: 'Timers come from time/env.ts, as an argument.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Time comes from time/env.ts, as an argument.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: [
      'src/attach/attach.ts',
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
