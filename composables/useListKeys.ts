import type { ShallowRef } from 'vue'

/**
 * j/k (and the arrow keys inside the list) move the focus over the rows' links, Enter opens by being a link, x chooses
 * the row in focus and Shift x all up to it. Rows mark their link with `data-row`, which holds the id where rows can be chosen.
 */
export function useListKeys(list: Readonly<ShallowRef<HTMLElement | null>>, choose?: (id: string, isRange: boolean) => void) {
  function move(step: 1 | -1): void {
    const links = [...list.value?.querySelectorAll<HTMLElement>('[data-row]') ?? []]
    const current = links.findIndex(link => link === document.activeElement)
    const next = current === -1 ? (step === 1 ? 0 : links.length - 1) : current + step
    links[Math.min(links.length - 1, Math.max(0, next))]?.focus()
  }
  function chooseFocused(isRange: boolean): void {
    const row = document.activeElement?.closest('tr')?.querySelector<HTMLElement>('[data-row]')
    if (row?.dataset.row) choose?.(row.dataset.row, isRange)
  }
  // Who comes back from a row is at that row again.
  onMounted(() => {
    const forward = String(history.state?.forward ?? '')
    const link = [...list.value?.querySelectorAll<HTMLElement>('[data-row]') ?? []].find(each => each.getAttribute('href') === forward)
    if (document.activeElement === document.body) link?.focus({ preventScroll: true })
  })
  defineShortcuts({ j: () => move(1), k: () => move(-1), ...(choose && { x: () => chooseFocused(false), shift_x: () => chooseFocused(true) }) })
  const onKeydown = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    move(event.key === 'ArrowDown' ? 1 : -1)
  }
  return { onKeydown }
}
