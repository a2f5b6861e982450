import { createHmac, randomUUID } from 'node:crypto'
import { collectFigures } from './figures.ts'
import { putLoad } from './http-load.ts'
import type { Measurement } from './measurement.ts'
import { startProduct } from './product.ts'

/** The public secret of the source `test`. */
const SECRET = 'test-secret'
const WARM_UP_SECONDS = 3

/** Signed webhooks, each with a body of its own, since repeats are recognised and cost less. */
export const measureWebhooks: Measurement = {
  letter: 'e', name: 'webhooks', title: 'POST /api/webhooks/test, signed, under load',
  async run(options) {
    const product = await startProduct(options)
    const figures = collectFigures()
    const broken: string[] = []
    const load = (seconds: number) => putLoad({ url: product.url, connections: options.connections, seconds, request: signedRequest() })
    try {
      await load(WARM_UP_SECONDS)
      for (let round = 0; round < options.rounds; round++) {
        const { perSecond, p50, p99, failed } = await load(options.seconds)
        figures.add('accepted', perSecond, { unit: 'webhooks/s' })
        figures.add('answer, median', p50, { unit: 'ms' })
        figures.add('answer, p99', p99, { unit: 'ms' })
        if (failed > 0) broken.push(`${failed} signed webhooks were not accepted`)
      }
    }
    finally {
      await product.stop()
    }
    return { figures: figures.all(), notes: [`${options.connections} connections, ${options.seconds} s a round`], broken }
  },
}

const signedRequest = () => ({
  method: 'POST', path: '/api/webhooks/test',
  setupRequest(request: { headers?: Record<string, string> }) {
    const body = JSON.stringify({ event: 'bench.ping', id: randomUUID(), data: { amount: 4200, currency: 'eur', customer: 'cus_0123456789' } })
    const signature = createHmac('sha256', SECRET).update(body).digest('hex')
    return { ...request, body, headers: { ...request.headers, 'content-type': 'application/json', 'x-webhook-signature': signature } }
  },
})
