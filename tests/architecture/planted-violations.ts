/**
 * One small tree of files in which every import rule is broken exactly once by `plants`, and by nothing in `innocent`.
 * Keys are paths, values their source. Packages are stand-ins, so that the tree needs no installation.
 */
export interface Plant {
  rule: string
  /** The file that breaks the rule. */
  from: string
  /** What its offending import resolves to. */
  to: string
  files: Record<string, string>
}

const imports = (specifier: string) => `import { x } from '${specifier}'\nexport const y = x\n`
const vueImports = (specifier: string) => `<script setup lang="ts">\nimport { x } from '${specifier}'\n</script>\n<template><p>{{ x }}</p></template>\n`

/** `from` imports `to` by `specifier` and thereby breaks `rule`. */
const plant = (...[rule, from, to, specifier]: [rule: string, from: string, to: string, specifier: string]): Plant => ({
  rule, from, to, files: { [from]: from.endsWith('.vue') ? vueImports(specifier) : imports(specifier) },
})

export const plants: Plant[] = [
  plant('shared-stands-alone', 'shared/planted-upwards.ts', 'server/infra/clock.ts', '#server/infra/clock.ts'),
  plant('shared-knows-no-framework', 'shared/planted-framework.ts', 'node_modules/vue/index.js', 'vue'),
  plant('browser-speaks-http-only', 'pages/planted.vue', 'server/domain/jobs/create-job.ts', '#server/domain/jobs/create-job.ts'),
  plant('browser-speaks-http-only', 'composables/usePlanted.ts', 'workers/run-attempt.ts', '~/workers/run-attempt.ts'),
  plant('components-below-pages', 'components/jobs/JobsPlanted.vue', 'pages/index.vue', '~/pages/index.vue'),
  plant('composables-below-components', 'composables/usePlantedCard.ts', 'components/app/AppCard.vue', '~/components/app/AppCard.vue'),
  plant('routes-parse-and-call', 'server/api/planted.get.ts', 'server/infra/clock.ts', '#server/infra/clock.ts'),
  plant('http-below-routes', 'server/http/planted-route.ts', 'server/api/test.get.ts', '#server/api/test.get.ts'),
  plant('http-below-plugins', 'server/http/planted-plugin.ts', 'server/plugins/live-bus.ts', '../plugins/live-bus.ts'),
  plant('domain-below-http', 'server/domain/jobs/planted-http.ts', 'server/http/define-route.ts', '#server/http/define-route.ts'),
  plant('infra-below-domain', 'server/infra/planted-domain.ts', 'server/domain/jobs/create-job.ts', '../domain/jobs/create-job.ts'),
  plant('workers-know-no-http', 'workers/planted-http.ts', 'server/http/define-route.ts', '#server/http/define-route.ts'),
  plant('server-never-imports-the-browser-side', 'server/http/planted-browser.ts', 'stores/live.ts', '~/stores/live.ts'),
  plant('config-stands-alone', 'server/config.ts', 'server/infra/clock.ts', './infra/clock.ts'),
  plant('product-never-imports-its-tools', 'workers/planted-tool.ts', 'tests/support/clock.ts', '../tests/support/clock.ts'),
  plant('h3-only-in-the-web-layer', 'server/domain/jobs/planted-h3.ts', 'node_modules/h3/index.js', 'h3'),
  plant('h3-only-in-the-web-layer', 'workers/planted-nitro.ts', 'node_modules/nitropack/index.js', 'nitropack'),
  plant('bullmq-only-in-infra-and-workers', 'server/domain/engine/planted-belt.ts', 'node_modules/bullmq/index.js', 'bullmq'),
  plant('database-drivers-only-in-database-ts', 'server/infra/planted-pool.ts', 'node_modules/pg/index.js', 'pg'),
  plant('database-drivers-only-in-database-ts', 'server/domain/jobs/store.ts', 'server/generated/prisma/client.ts', '#server/generated/prisma/client.ts'),
  plant('product-needs-no-dev-package', 'server/infra/planted-dev.ts', 'node_modules/autocannon/index.js', 'autocannon'),
  plant('database-only-through-stores', 'server/domain/jobs/planted-query.ts', 'server/infra/database.ts', '#server/infra/database.ts'),
  plant('store-private-to-its-module', 'server/domain/webhooks-in/planted-store.ts', 'server/domain/jobs/store.ts', '../jobs/store.ts'),
  plant('store-private-to-the-domain', 'workers/planted-store.ts', 'server/domain/jobs/store.ts', '#server/domain/jobs/store.ts'),
  plant('lowest-modules-import-no-higher', 'server/domain/access/planted.ts', 'server/domain/jobs/create-job.ts', '../jobs/create-job.ts'),
  plant('lowest-modules-import-no-higher', 'server/domain/engine/planted.ts', 'server/domain/queues/pause-queue.ts', '../queues/pause-queue.ts'),
  plant('queues-and-jobs-import-no-higher', 'server/domain/jobs/planted-higher.ts', 'server/domain/webhooks-in/receive-webhook.ts', '../webhooks-in/receive-webhook.ts'),
  plant('webhooks-out-is-highest', 'server/domain/schedules/planted.ts', 'server/domain/webhooks-out/send-delivery.ts', '../webhooks-out/send-delivery.ts'),
  { rule: 'no-circular', from: 'server/infra/planted-chicken.ts', to: 'server/infra/planted-egg.ts', files: {
    'server/infra/planted-chicken.ts': imports('./planted-egg.ts'), 'server/infra/planted-egg.ts': imports('./planted-chicken.ts'),
  } },
  plant('no-vague-names', 'server/domain/jobs/helpers.ts', 'shared/job-states.ts', '#shared/job-states.ts'),
  plant('no-vague-names', 'components/app/planted-import.ts', 'components/utils/format.ts', '../utils/format.ts'),
  { rule: 'no-vague-names', from: 'server/infra/queue-service.ts', to: 'server/infra/queue-service.ts', files: { 'server/infra/queue-service.ts': 'export const x = 1\n' } },
  plant('every-import-resolves', 'workers/planted-typo.ts', '#server/infra/clokc.ts', '#server/infra/clokc.ts'),
]

const leaf = 'export const x = 1\n'
const legal: Record<string, string> = {
  'components/utils/format.ts': leaf,
  'components/app/AppCard.vue': '<template><p>card</p></template>\n',
  'composables/useJobs.ts': imports('#shared/job-states.ts'),
  'components/jobs/JobsTable.vue': vueImports('~/composables/useJobs'),
  'pages/index.vue': vueImports('~/components/jobs/JobsTable.vue'),
  'stores/live.ts': leaf,
  'shared/job-states.ts': leaf,
  'server/infra/clock.ts': leaf,
  'server/infra/database.ts': imports('pg') + `export { x as z } from '#server/generated/prisma/client.ts'\n`,
  'server/infra/queues.ts': imports('bullmq'),
  'server/domain/engine/accept-jobs.ts': imports('#server/infra/database.ts'),
  'server/domain/queues/store.ts': imports('#server/infra/database.ts') + `export type { Pool } from 'pg'\n`,
  'server/domain/queues/pause-queue.ts': imports('./store.ts'),
  'server/domain/jobs/create-job.ts': imports('../engine/accept-jobs.ts'),
  'server/domain/webhooks-in/receive-webhook.ts': imports('../jobs/create-job.ts'),
  'server/domain/webhooks-out/send-delivery.ts': imports('../webhooks-in/receive-webhook.ts'),
  'server/http/define-route.ts': imports('h3'),
  'server/api/test.get.ts': imports('../http/define-route.ts'),
  'server/plugins/live-bus.ts': imports('#server/infra/clock.ts'),
  'workers/run-attempt.ts': imports('#server/domain/engine/accept-jobs.ts'),
  'tests/support/clock.ts': imports('#server/infra/database.ts'),
}

const fakePackage = (name: string) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', type: 'module', main: 'index.js' }),
  [`node_modules/${name}/index.js`]: leaf,
})

/** Files that break no rule: their names may appear in no violation as the importing side. */
export const innocent = Object.keys(legal).filter(path => !path.includes('/utils/'))

export const plantedTree: Record<string, string> = {
  ...legal,
  'server/generated/prisma/client.ts': leaf,
  'package.json': JSON.stringify({
    type: 'module', imports: { '#shared/*': './shared/*', '#server/*': './server/*' },
    dependencies: { vue: '1.0.0', h3: '1.0.0', nitropack: '1.0.0', bullmq: '1.0.0', pg: '1.0.0' }, devDependencies: { autocannon: '1.0.0' },
  }),
  ...['vue', 'h3', 'nitropack', 'bullmq', 'pg', 'autocannon'].map(fakePackage).reduce((all, files) => ({ ...all, ...files })),
  ...plants.map(({ files }) => files).reduce((all, files) => ({ ...all, ...files })),
}
