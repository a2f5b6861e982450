import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import { draftOf, newDraft, readDraft, sourceOf, type CodeDraft } from './code-draft.ts'
import { exampleOf } from './code-examples.ts'

const SAVED_AFTER_MS = 400
/** Of the organization that a caller without credentials acts as. */
const DEFAULT_ORGANIZATION = 'default'
const FIRST_LANGUAGE = 'python'
const keyOf = (organization: string) => `bespin-code-draft:${organization}`

function kept(key: string): CodeDraft | null {
  try {
    return readDraft(localStorage.getItem(key))
  }
  catch {
    return null // storage is off: a draft lasts as long as the page
  }
}

/** The draft in the editor, kept by this browser for each organization. */
export function useCodeDraft(organization = DEFAULT_ORGANIZATION) {
  const key = keyOf(organization)
  const draft = ref<CodeDraft>(kept(key) ?? newDraft(FIRST_LANGUAGE))
  /** What was in the editor before a copy took its place. */
  const before = shallowRef<CodeDraft>()
  /** Too large for the browser to keep. */
  const isUnkept = ref(false)
  const source = computed({
    get: () => sourceOf(draft.value),
    set: (text) => { draft.value.sources = { ...draft.value.sources, [draft.value.language]: text } },
  })
  const isExample = computed(() => source.value === exampleOf(draft.value.language))

  function save(): void {
    try {
      localStorage.setItem(key, JSON.stringify(draft.value))
      isUnkept.value = false
    }
    catch {
      isUnkept.value = true
    }
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(draft, () => {
    clearTimeout(timer)
    timer = setTimeout(save, SAVED_AFTER_MS)
  }, { deep: true })
  // Leaving the page for another one of ours, or for good.
  const saveNow = () => {
    clearTimeout(timer)
    save()
  }
  addEventListener('pagehide', saveNow)
  onScopeDispose(() => {
    removeEventListener('pagehide', saveNow)
    saveNow()
  })

  /** Puts a copy of what was run into the editor; `giveBack` undoes it. */
  function take(payload: CodeExecutionPayload): void {
    before.value = JSON.parse(JSON.stringify(draft.value)) as CodeDraft
    draft.value = draftOf(payload)
  }
  function giveBack(): void {
    if (before.value) draft.value = before.value
    before.value = undefined
  }
  function toExample(): void {
    const { [draft.value.language]: _, ...others } = draft.value.sources
    draft.value.sources = others
  }
  return { draft, source, isExample, before, isUnkept, take, giveBack, toExample }
}
