// Who may import whom (ARCHITECTURE.md, "Layers"). Each rule has a planted violation in tests/architecture that proves it fires.

const BROWSER = '^(pages|components|composables|layouts|middleware|stores|plugins)/|^(app|error)\\.vue$|^app\\.config\\.ts$'
const VAGUE_NAME = '(^|/)(utils?|helpers?|common|misc|managers?|services?)(/|\\.[.a-z]+$)|-(utils?|helpers?|manager|service)\\.[.a-z]+$'
const WEB_ONLY = '^server/(api|routes|http|plugins)/'
const OUTSIDE_THE_PRODUCT = '^(tests|scripts|bench|docs)/'

/** Matches a package however it is installed, or its bare name when it is not. */
const npm = (...names) => `(^|node_modules/)(${names.join('|')})(/|$)`
const module_ = (...names) => `^server/domain/(${names.join('|')})/`
const forbid = (name, comment, ...[from, to]) => ({ name, comment, severity: 'error', from, to })

const layers = [
  forbid('shared-stands-alone', 'shared runs in the browser, the server and the workers: it imports nothing else of ours.',
    { path: '^shared/' }, { pathNot: '^shared/|node_modules/', dependencyTypesNot: ['npm', 'core'] }),
  forbid('shared-knows-no-framework', 'shared knows neither Vue nor the server framework nor Node.',
    { path: '^shared/' }, { path: [npm('vue', 'nuxt', 'h3', 'nitropack', 'pinia', '#imports', 'bullmq', 'pg'), '^(node:)?(fs|path|crypto|http|net|os|child_process)(/|$)'] }),
  forbid('browser-speaks-http-only', 'Pages reach the server by HTTP and WebSocket; an import would ship server code to the browser.',
    { path: BROWSER }, { path: `^(server|workers|prisma)/|${OUTSIDE_THE_PRODUCT}` }),
  forbid('components-below-pages', 'A component is arranged by pages and layouts and knows none of them.',
    { path: '^components/' }, { path: '^(pages|layouts)/|^(app|error)\\.vue$' }),
  forbid('composables-below-components', 'Composables and stores hold state; they know no component and no page.',
    { path: '^(composables|stores)/' }, { path: '^(components|pages|layouts)/' }),
  forbid('routes-parse-and-call', 'A route knows server/http, server/domain and shared; everything else is behind them.',
    { path: '^server/(api|routes)/' }, { path: '^server/(infra|plugins|generated)/|^workers/' }),
  forbid('http-below-routes', 'server/http and server/plugins serve the routes and never import one.',
    { path: '^server/(http|plugins)/' }, { path: '^server/(api|routes)/|^workers/' }),
  forbid('http-below-plugins', 'Start-up wires the HTTP layer, not the other way round.',
    { path: '^server/http/' }, { path: '^server/plugins/' }),
  forbid('domain-below-http', 'A decision does not know who asked.',
    { path: '^server/domain/' }, { path: `${WEB_ONLY}|^workers/` }),
  forbid('infra-below-domain', 'infra talks with the outside and knows no word of the domain.',
    { path: '^server/infra/' }, { path: `^server/domain/|${WEB_ONLY}|^workers/` }),
  forbid('workers-know-no-http', 'Workers share domain and infra with the web process, not its HTTP layer.',
    { path: '^workers/' }, { path: WEB_ONLY }),
  forbid('server-never-imports-the-browser-side', 'Node code does not import pages, components or stores.',
    { path: '^(server|workers)/' }, { path: BROWSER }),
  forbid('config-stands-alone', 'The environment is parsed before anything else exists.',
    { path: '^server/config(/|\\.ts$)' }, { path: '^(server/(?!config[/.])|workers/)' }),
  forbid('product-never-imports-its-tools', 'What ships does not depend on tests, scripts or benchmarks.',
    { path: `^(server|workers|shared|prisma)/` }, { path: OUTSIDE_THE_PRODUCT }),
]

const packages = [
  forbid('h3-only-in-the-web-layer', 'Only routes, server/http and server/plugins know h3 and Nitro.',
    { path: '^(server/(domain|infra)|workers|shared)/|^server/config[/.]' }, { path: npm('h3', 'nitropack', 'crossws', '#imports') }),
  forbid('bullmq-only-in-infra-and-workers', 'Domain and web code do not know which conveyor carries the hints.',
    { path: '^server/(?!infra/)' }, { path: npm('bullmq', 'ioredis') }),
  forbid('database-drivers-only-in-database-ts', 'One pool per role and process: only server/infra/database.ts makes clients. Types are free.',
    { path: '^(server|workers)/', pathNot: '^server/infra/database\\.ts$|^server/generated/' },
    { path: [npm('pg', '@prisma/client', '@prisma/adapter-pg'), '^server/generated/'], dependencyTypesNot: ['type-only'] }),
  forbid('product-needs-no-dev-package', 'A package the product imports is a dependency, not a devDependency.',
    { path: '^(server|workers|shared)/' }, { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] }),
]

const domain = [
  forbid('database-only-through-stores', 'Only a module\'s stores and the engine hold a database connection.',
    { path: '^(server|workers)/', pathNot: `^server/domain/[^/]+/(search-)?store\\.ts$|${module_('engine')}|^server/infra/|^server/plugins/|^workers/index\\.ts$` },
    { path: '^server/infra/database\\.ts$', dependencyTypesNot: ['type-only'] }),
  forbid('store-private-to-its-module', 'Other modules call a module\'s functions, never its queries. (The shape of a row is no query.)',
    { path: '^server/domain/([^/]+)/' }, { path: '^server/domain/[^/]+/(search-)?store\\.ts$', pathNot: '^server/domain/$1/', dependencyTypesNot: ['type-only'] }),
  forbid('store-private-to-the-domain', 'Routes and workers call domain functions, never a store.',
    { path: '^(server/(?!domain/)|workers/)' }, { path: '^server/domain/[^/]+/(search-)?store\\.ts$', dependencyTypesNot: ['type-only'] }),
  forbid('lowest-modules-import-no-higher', 'access and engine lie below every other module.',
    { path: module_('access', 'engine') }, { path: '^server/domain/[^/]+/', pathNot: module_('access', 'engine') }),
  forbid('queues-and-jobs-import-no-higher', 'queues and jobs know access and engine only.',
    { path: module_('queues', 'jobs') }, { path: '^server/domain/[^/]+/', pathNot: module_('access', 'engine', 'queues', 'jobs') }),
  forbid('webhooks-out-is-highest', 'Nothing in the domain knows who is told about it.',
    { path: '^server/domain/', pathNot: module_('webhooks-out') }, { path: module_('webhooks-out') }),
]

const hygiene = [
  forbid('no-circular', 'A cycle has no lower part: cut it. (Types alone may point at each other: they are gone at run time.)',
    {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }),
  forbid('no-vague-names', 'Name a file for what it does (verb-noun).', { path: VAGUE_NAME, pathNot: 'node_modules/' }, {}),
  forbid('no-vague-names', 'Name a file for what it does (verb-noun).', {}, { path: VAGUE_NAME, pathNot: 'node_modules/' }),
  forbid('no-vague-names', 'Name a file for what it does (verb-noun).', { orphan: true, path: VAGUE_NAME, pathNot: 'node_modules/' }, {}),
  forbid('every-import-resolves', 'A path the checker cannot follow is a path no rule here sees.',
    { pathNot: '^server/generated/' }, { couldNotResolve: true, pathNot: '^(#imports|#components|#build|#app|#ui|nitropack/runtime)' }),
]

module.exports = {
  forbidden: [...layers, ...packages, ...domain, ...hygiene],
  options: {
    doNotFollow: { path: 'node_modules|^server/generated/' },
    exclude: { path: '^(\\.nuxt|\\.output|\\.data)/|^tests/architecture/planted/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.imports.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.vue', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
