/**
 * What becomes of each command line of the documents of the systems that Bespin replaces: it is run, or it is declined with
 * the reason. A line is known by its first line as written. The test fails when a line is in neither list, in both, or gone.
 */
export type Run =
  /** The request is sent as written, apart from host and port; the answer must have this status. */
  | { how: 'curl', status: number, port: 'web' | 'metrics' }
  /**
   * The same for a line that sends a key. Until keys can be made it is sent twice: without its key, as open access lets people of
   * this machine do, and with the one key there is, the administrator's, in place of the document's placeholder.
   */
  | { how: 'keyed-curl', status: number, needs?: 'code worker' }
  /** The script runs with a WebSocket and the id of a new job; it must be told the job's end. */
  | { how: 'socket' }
  /** Runs to its end in a copy of the project, with exit code 0, and says this. */
  | { how: 'to-end', says: RegExp }
  /** Runs in a copy of the project until it says this, and stops on Ctrl-C within ten seconds. */
  | { how: 'until-ready', line: string }
  /** Is the command of a stage of the checks, which comes before this test and fails when it does. */
  | { how: 'stage' }
  /** make does for this line exactly what it does for the other, which is run. */
  | { how: 'same-as', line: string }

export const RUN: Record<string, Run> = {
  'curl http://localhost:8080/health': { how: 'curl', status: 200, port: 'web' },
  'curl http://localhost:9090/metrics': { how: 'curl', status: 200, port: 'metrics' },
  'curl -X POST http://localhost:8080/api/v1/public/execute': { how: 'keyed-curl', status: 201, needs: 'code worker' },
  // The id is the document's own: no job of ours has it.
  'curl -X GET http://localhost:8080/api/v1/public/jobs/01HN1234567890ABCDEF': { how: 'keyed-curl', status: 404 },
  'const ws = new WebSocket(`ws://localhost:3002/api/ws?job_id=${jobId}`);': { how: 'socket' },
  'make help': { how: 'to-end', says: /dev +Run the whole product/ },
  './run.sh help': { how: 'to-end', says: /Usage/ },
  'make migrate-up': { how: 'to-end', says: /up to date/ },
  'make run-api': { how: 'until-ready', line: 'Bespin is ready on' },
  'make run-worker': { how: 'until-ready', line: 'worker is ready' },
  'make run-scheduler': { how: 'until-ready', line: 'worker is ready' },
  'make run': { how: 'until-ready', line: 'Bespin is ready on' },
  'make dev': { how: 'until-ready', line: 'Bespin is ready on' },
  'make watch': { how: 'same-as', line: 'make dev' },
  'make build': { how: 'stage' },
  'make build-api': { how: 'same-as', line: 'make build' },
  'make build-web': { how: 'same-as', line: 'make build' },
  'make clean': { how: 'to-end', says: /rm -rf/ },
}

const ACCOUNTS = 'arrives with accounts and API keys'
const WEBHOOKS_OUT = 'arrives with webhooks out'
const CONTAINERS = 'needs a container engine; the files it reads are checked by their own tests'
const OTHER_TOOL = 'a program of the system it comes from (Go, Rust, pnpm), not of this one'
const CLUSTER = 'needs a Kubernetes cluster'
const FOREIGN = 'fetches from a foreign host'
const THROUGH_MAKE = 'run.sh hands over to the make target of the same name, which is run or declined itself'

export const DECLINED: Record<string, string> = {
  'make test': 'is what runs this test',
  'make run-grpc': 'arrives with the gRPC server; until then it says so and ends with code 1',
  'make docker': CONTAINERS,
  'make docker-build': CONTAINERS,
  'make docker-run': CONTAINERS,
  'make docker-down': CONTAINERS,
  'make docker-clean': CONTAINERS,
  './run.sh dev': THROUGH_MAKE,
  './run.sh docker': THROUGH_MAKE,
  './run.sh clean': THROUGH_MAKE,
  './run.sh docker-clean': THROUGH_MAKE,
  'docker run -d -p 6379:6379 redis:alpine': CONTAINERS,
  'docker run -d -p 5432:5432 -e POSTGRES_PASSWORD=postgres -e POSTGRES_DB=bespin postgres:14-alpine': CONTAINERS,
  'docker-compose up -d': CONTAINERS,
  'docker-compose up --build': CONTAINERS,
  'docker build -t ignis-api .': CONTAINERS,
  'docker run -p 8080:8080 --env-file .env ignis-api': CONTAINERS,
  'docker pull ghcr.io/spooled-cloud/spooled-backend:latest': CONTAINERS,
  'docker pull --platform linux/arm64 ghcr.io/spooled-cloud/spooled-backend:latest': CONTAINERS,
  'docker compose -f docker-compose.prod.yml up -d': CONTAINERS,
  'docker compose -f docker-compose.prod.yml --profile monitoring up -d': CONTAINERS,
  'docker compose up -d postgres redis': CONTAINERS,
  'pnpm dev': OTHER_TOOL,
  'go mod download': OTHER_TOOL,
  'go test ./...': OTHER_TOOL,
  'cargo run': OTHER_TOOL,
  'cargo test': OTHER_TOOL,
  'cargo build --features otel': OTHER_TOOL,
  'kubectl apply -f k8s/': CLUSTER,
  'kubectl apply -k k8s/overlays/production': CLUSTER,
  'kubectl create namespace spooled': CLUSTER,
  'kubectl create secret generic spooled-secrets': CLUSTER,
  'curl -O https://raw.githubusercontent.com/spooled-cloud/spooled-backend/main/docker-compose.prod.yml': FOREIGN,
  'curl -O https://raw.githubusercontent.com/spooled-cloud/spooled-backend/main/.env.example': FOREIGN,
  'curl -X POST http://localhost:8080/auth/register': ACCOUNTS,
  'curl -X POST http://localhost:8080/auth/login': ACCOUNTS,
  'curl -X POST http://localhost:8080/api/api-key/create': ACCOUNTS,
  'RESPONSE=$(curl -s -X POST http://localhost:8080/api/v1/organizations': ACCOUNTS,
  'curl -X POST http://localhost:8080/api/v1/jobs': `sends the key of the line before it, which ${ACCOUNTS}; the same request without a key is in tests/server/api/jobs.test.ts`,
  'curl -X POST http://localhost:8080/webhook/send': WEBHOOKS_OUT,
}
