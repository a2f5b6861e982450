/** Copies text; `isDone` is true for a moment after it worked. */
export function useCopy() {
  const isDone = ref(false)
  const toast = useToast()
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))

  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      isDone.value = true
      clearTimeout(timer)
      timer = setTimeout(() => { isDone.value = false }, 1500)
    }
    catch {
      toast.add({ title: 'Copying is not allowed here', description: 'Browsers allow it on https and on localhost; select the text instead.', color: 'warning' })
    }
  }
  return { copy, isDone }
}
