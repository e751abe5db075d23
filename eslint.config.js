import tseslint from 'typescript-eslint';

// Which room may import from which is said in .dependency-cruiser.mjs.

const clocks = [
  { object: 'Date', property: 'now', message: 'Time comes from time/env.ts, as an argument.' },
  { object: 'Math', property: 'random', message: 'Chance comes from time/env.ts, as an argument.' },
  { object: 'performance', property: 'now', message: 'Time comes from time/env.ts, as an argument.' },
  { object: 'AbortSignal', property: 'timeout', message: 'Timers come from time/env.ts, as an argument.' },
];

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'coverage/**',
      'artefacts/**',
      'test/recipes/generated/**',
      'examples/{nestjs,nextjs}/**',
    ],
  },
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
