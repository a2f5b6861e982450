import { z } from 'zod'
import { SearchText } from './job.ts'

export const SearchTermsQuery = z.object({
  q: SearchText.default(''),
  cursor: z.coerce.number().int().min(0).optional().describe('where in q is being written, in UTF-16 units; default: its end'),
})
export type SearchTermsQuery = z.infer<typeof SearchTermsQuery>

/** What may be written at a place of a search: take `text` in place of q[from, to). */
export const SearchTerms = z.object({
  from: z.number().int(),
  to: z.number().int(),
  items: z.array(z.object({
    text: z.string(),
    about: z.string().nullable().describe('what it means, for a key; how it occurs, for a value'),
    count: z.number().int().nullable().describe('how often: all jobs for queue and type, else the newest ones that were looked at'),
  })),
})
export type SearchTerms = z.infer<typeof SearchTerms>
