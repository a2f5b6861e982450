import { copyFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const DOCS_ASSETS = here('./.nuxt/docs-assets')

// The product is one Nuxt app: pages are the operators' dashboard (not server-rendered), Nitro answers the API.
export default defineNuxtConfig({
  modules: ['@nuxt/ui', '@pinia/nuxt', '@nuxt/eslint'],
  ssr: false,
  components: [{ path: '~/components', pathPrefix: false }],
  devtools: { enabled: false },
  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      title: 'Bespin',
      viewport: 'width=device-width, initial-scale=1',
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
      meta: [{ name: 'description', content: 'Jobs and webhooks of this Bespin server' }, { name: 'color-scheme', content: 'light dark' }],
    },
  },
  spaLoadingTemplate: 'assets/spa-loading.html',
  css: ['~/assets/main.css'],
  colorMode: { preference: 'system', fallback: 'light' },
  // System fonts and bundled icons: a self-hosted product must not call a foreign host, and nothing loads faster than what is there.
  ui: { fonts: false, experimental: { componentDetection: true } },
  srcDir: '.',
  serverHandlers: [{ middleware: true, handler: './server/http/edge.ts' }],
  ignore: ['workers/**', 'prisma/**', '.data/**', 'tests/**', 'bench/**', 'scripts/**', 'docs/**'],
  compatibilityDate: '2026-11-01',
  nitro: {
    experimental: { websocket: true },
    imports: false,
    errorHandler: './server/http/error-handler.ts',
    compressPublicAssets: { gzip: true, brotli: false },
    publicAssets: [{ baseURL: '/docs-assets', dir: DOCS_ASSETS, maxAge: 3600 }],
  },
  // Found at the start, not when a page first asks: the dev server would reload the page under the cursor.
  vite: { optimizeDeps: { include: ['uplot', 'zod'] } },
  // Other pages' script is fetched when a link to them is pointed at or focused, not while the first page still loads.
  experimental: { defaults: { nuxtLink: { prefetchOn: { visibility: false, interaction: true } } } },
  hooks: {
    'build:manifest'(manifest) {
      for (const file of Object.values(manifest)) file.prefetch = false
    },
    // The reference page's script comes from our own origin; one file of its package, because its source maps weigh 17 MB.
    'build:before'() {
      mkdirSync(DOCS_ASSETS, { recursive: true })
      copyFileSync(here('./node_modules/@scalar/api-reference/dist/browser/standalone.js'), `${DOCS_ASSETS}/standalone.js`)
    },
  },
  icon: {
    provider: 'server',
    fallbackToApi: false,
    localApiEndpoint: '/_icons',
    serverBundle: { collections: ['lucide'] },
    clientBundle: { scan: { globInclude: ['{components,pages,layouts,composables,stores}/**/*.{vue,ts}', '*.vue'], globExclude: ['composables/shortcut-table.ts', 'composables/code-looks.ts', 'components/code/**', 'pages/code/**'] }, sizeLimitKb: 64 },
  },
  telemetry: false,
})
