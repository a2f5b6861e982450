import { looksLikeId } from './useOpenId.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const run = (value: unknown) => {
  const number = Number(value)
  return Number.isInteger(number) && number >= 1 && number <= 2_147_483_647 ? number : undefined
}

/** What the address compares, and the comparison. */
export function useComparison(id: string) {
  const api = useApi()
  const route = useRoute()
  const asked = computed(() => {
    const other = text(route.query.with)
    return { with: other === 'last-success' || (other !== undefined && UUID.test(other)) ? other : undefined, run: run(route.query.run), with_run: run(route.query.with_run) }
  })
  const load = useLoad(async signal => (await api('GET /api/v1/jobs/:id/compare', { params: { id }, query: asked.value, signal })).data)
  watch(asked, (now, before) => { if (JSON.stringify(now) !== JSON.stringify(before)) void load.reload() })
  const ask = (part: { with?: string, run?: number, with_run?: number }) =>
    navigateTo({ path: route.path, query: Object.fromEntries(Object.entries({ ...asked.value, ...part }).filter(([, value]) => value !== undefined).map(([key, value]) => [key, String(value)])) })
  return { ...load, asked, ask }
}

/** Whether text is a whole id. */
export const isWholeId = (id: string): boolean => looksLikeId(id) && UUID.test(id)
