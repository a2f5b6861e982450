import { defineEventHandler, setResponseHeader } from 'h3'

/** The package's quiet greys miss AA on tinted grounds. */
const CONTRAST = `
.light-mode{--scalar-color-2:#4f5660;--scalar-color-3:#565d67;--scalar-color-accent:#0b5fb0;--scalar-color-green:#0a6b3b;--scalar-color-blue:#0b5fb0;--scalar-color-orange:#9a4a00;--scalar-color-red:#b3182d;--scalar-color-purple:#5f3bb3;--scalar-sidebar-color-2:#4f5660;--scalar-sidebar-search-color:#565d67}
.dark-mode{--scalar-color-2:#b9c0c9;--scalar-color-3:#a3abb5;--scalar-sidebar-color-2:#b9c0c9;--scalar-sidebar-search-color:#a3abb5}
`

/** Names for screen readers where the package gives none: its copy buttons, and regions that share a name. */
const NAMING = `
const change = (element, label) => { if (element.getAttribute('aria-label') !== label) element.setAttribute('aria-label', label) }
const giveNames = () => {
  for (const button of document.querySelectorAll('.scalar-code-copy')) change(button, 'Copy')
  const seen = {}
  for (const region of document.querySelectorAll('[role=region][aria-label]')) {
    region.removeAttribute('aria-labelledby')
    const name = region.dataset.named ??= region.getAttribute('aria-label')
    seen[name] = (seen[name] ?? 0) + 1
    change(region, seen[name] === 1 ? name : name + ' ' + seen[name])
  }
}
let planned = 0
const later = () => { planned ||= setTimeout(() => { planned = 0; giveNames() }, 100) }
new MutationObserver(later).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label'] })
`

/**
 * The API reference, drawn from `/api/openapi.json` by a script this server serves itself.
 * Everything in it that would talk to a foreign host (fonts, request proxy, telemetry, assistant) is off.
 */
const CONFIGURATION = {
  url: '/api/openapi.json',
  theme: 'default',
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: '',
  agent: { disabled: true },
  mcp: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  documentDownloadType: 'json',
  customCss: CONTRAST,
  metaData: { title: 'API reference · Bespin' },
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Bespin</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
<style>
body{margin:0}
.back{display:flex;align-items:center;gap:.5rem;padding:.5rem 1rem;font:14px ui-sans-serif,system-ui,sans-serif;color:#a83f12;background:#fff;border-bottom:1px solid #e5e7eb}
@media (prefers-color-scheme:dark){.back{color:#f98d4e;background:#0f0f0f;border-color:#2a2a2a}}
</style>
</head>
<body>
<nav aria-label="Bespin"><a class="back" href="/">&larr; Dashboard</a></nav>
<div id="reference"></div>
<noscript>This page needs JavaScript; the same is in /api/openapi.json.</noscript>
<script src="/docs-assets/standalone.js"></script>
<script>Scalar.createApiReference('#reference', ${JSON.stringify(CONFIGURATION)})
{${NAMING}}</script>
</body>
</html>
`

export default defineEventHandler((event) => {
  setResponseHeader(event, 'content-type', 'text/html; charset=utf-8')
  return PAGE
})
