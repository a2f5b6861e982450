import { SHORTCUTS, type ShortcutId } from './shortcut-table.ts'

/** A second key that comes later than this begins anew. */
const CHAIN_MS = 1000
const FIRST_KEYS = new Set(SHORTCUTS.filter(shortcut => /^\S \S/.test(shortcut.keys)).map(shortcut => shortcut.keys[0]!))

/** What a key press means: a shortcut, the first key of two, or nothing. `previous` is a first key that waits for its second. */
export function readKey(key: string, previous: string | undefined): { ids: ShortcutId[], waits?: string } {
  if (previous !== undefined) return { ids: idsOf(`${previous} ${key}`) }
  if (FIRST_KEYS.has(key)) return { ids: [], waits: key }
  return { ids: idsOf(key) }
}
const idsOf = (keys: string): ShortcutId[] => SHORTCUTS.filter(shortcut => shortcut.keys === keys && shortcut.isTold === undefined).map(shortcut => shortcut.id)

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'repeat' | 'defaultPrevented' | 'target' | 'preventDefault' | 'stopImmediatePropagation'>

/** One that fades out has been answered already. */
const OPEN_DIALOG = ['dialog', 'alertdialog'].map(role => `[role=${role}]:not([data-state=closed])`).join()

/** True while a person types, chooses from an open list, or answers a dialog: nothing else may listen then. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target instanceof HTMLElement && target.closest('[data-state=closed][role=dialog]') === null ? target : null
  if (element?.isContentEditable || element?.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [role=listbox], [role=menu], [role=combobox][aria-expanded=true]')) return true
  return document.querySelector(OPEN_DIALOG) !== null
}

const isOurs = (event: Pressed) => !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && event.key !== 'Shift'

/** The palette is on its way: what is typed now is meant for it. */
const PALETTE_MS = 500
const opensPalette = (event: Pressed) => event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)

/** Reads keys one after the other and runs what they mean. `run` answers whether it did anything. */
export function keyReader(run: (id: ShortcutId) => boolean): (event: Pressed) => void {
  let previous: { key: string, at: number } | undefined
  let quietUntil = 0
  return (event) => {
    if (opensPalette(event)) quietUntil = Date.now() + PALETTE_MS
    if (Date.now() < quietUntil || !isOurs(event) || isTyping(event.target)) return
    const first = previous !== undefined && Date.now() - previous.at < CHAIN_MS ? previous.key : undefined
    const { ids, waits } = readKey(event.key, first)
    previous = waits === undefined ? undefined : { key: waits, at: Date.now() }
    const isDone = !event.repeat && ids.some(run)
    if (isDone) event.preventDefault()
    // The second key of two is not also a key of the list.
    if (isDone || first !== undefined) event.stopImmediatePropagation()
  }
}
