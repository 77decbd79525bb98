import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'dist.new-*/', 'node_modules/', 'data/', 'eslint.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers in messages are what this program is made of.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The hot path indexes typed arrays whose bounds it has just checked; `!` says so where a type cannot.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // node:test returns promises for suites that the runner itself awaits.
    files: ['test/**', 'bench/**'],
    rules: { '@typescript-eslint/no-floating-promises': 'off', 'no-console': 'off' },
  },
);
