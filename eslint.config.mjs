// @ts-check
import withNuxt from './.nuxt/eslint.config.mjs'

const TESTS = ['tests/**/*.ts']
/** Node code that is type-checked as it is linted, so that a forgotten `await` is an error. */
const ASYNC_CODE = ['server/**/*.ts', 'workers/**/*.ts', 'scripts/**/*.ts', 'tests/**/*.ts', 'bench/**/*.ts']
const READS_ENVIRONMENT = ['server/config.ts', 'server/config/**', 'scripts/**', 'tests/**', 'bench/**', '*.config.{ts,mjs}', 'prisma/**']

const ENVIRONMENT = { object: 'process', property: 'env', message: 'The environment is parsed once, in server/config.ts: take the value from there.' }

const SHAPES = ['object', 'strictObject', 'looseObject', 'discriminatedUnion'].map(name => ({
  selector: `CallExpression[callee.object.name="z"][callee.property.name="${name}"]`,
  message: 'A shape is written in shared/schemas/<noun>.ts and nowhere else.',
}))
const CLASSES = {
  selector: 'ClassDeclaration:not([superClass.name=/Error$/])',
  message: 'Functions, not classes (only an error may extend Error).',
}

export default withNuxt(
  { ignores: ['server/generated/**', 'tests/architecture/planted/**', '.data/**', 'public/**'] },
  // Nuxt leaves out every folder of that name; this one holds routes.
  { ignores: ['!server/api/v1/public', '!server/api/v1/public/**'] },
  {
    name: 'bespin/size',
    files: ['**/*.{ts,mjs,cjs,vue}'],
    rules: {
      'max-lines': ['error', { max: 200, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'complexity': ['error', 12],
      'max-depth': ['error', 3],
      'max-params': ['error', 3],
    },
  },
  {
    name: 'bespin/types',
    files: ['**/*.{ts,vue}'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      'no-restricted-syntax': ['error', ...SHAPES, CLASSES],
      'no-restricted-properties': ['error', ENVIRONMENT],
      'no-console': 'error',
      // NUL is looked for on purpose: PostgreSQL cannot hold it.
      'no-control-regex': 'off',
      'eqeqeq': ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    name: 'bespin/no-forgotten-promise',
    files: ASYNC_CODE,
    languageOptions: { parserOptions: { project: ['tsconfig.lint.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  { name: 'bespin/shapes', files: ['shared/schemas/**/*.ts'], rules: { 'no-restricted-syntax': ['error', CLASSES] } },
  {
    name: 'bespin/environment',
    files: READS_ENVIRONMENT,
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off', 'no-restricted-syntax': ['error', CLASSES] },
  },
  {
    name: 'bespin/tables',
    // A table grows by one row per operation, job type or variable; splitting it would hide it, and each default (`??`) counts as a branch.
    files: ['shared/api-contract.ts', 'server/config.ts'],
    rules: { 'max-lines': ['error', 250], 'complexity': 'off', 'no-restricted-syntax': ['error', CLASSES] },
  },
  {
    name: 'bespin/tests',
    files: TESTS,
    rules: { 'max-lines': ['error', 400], 'max-lines-per-function': 'off', 'max-params': 'off' },
  },
  {
    name: 'bespin/pages',
    files: ['**/*.vue'],
    rules: { 'vue/multi-word-component-names': 'off', 'vue/max-attributes-per-line': 'off', 'vue/singleline-html-element-content-newline': 'off', 'vue/html-self-closing': 'off', 'vue/first-attribute-linebreak': 'off' },
  },
)
