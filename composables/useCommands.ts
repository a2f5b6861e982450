import { keyReader } from './press-keys.ts'
import type { ShortcutId } from './shortcut-table.ts'

/** Something that can be done now. */
export interface Command {
  run: () => unknown
  /** Whether it makes sense now; default always. */
  isOn?: () => boolean
  /** The words in the palette, when those of the shortcut do not say enough. */
  label?: () => string
}
export type Commands = Partial<Record<ShortcutId, Command>>

/** Those of the pages and parts on the screen; the newest one of an id counts. */
const bound = shallowReactive(new Set<Commands>())
let users = 0

/** What can be done with what is on the screen, newest first. */
export function commandsNow(): { id: ShortcutId, command: Command }[] {
  const found = new Map<ShortcutId, Command>()
  for (const commands of [...bound].reverse()) {
    for (const [id, command] of Object.entries(commands) as [ShortcutId, Command][]) {
      if (!found.has(id) && command.isOn?.() !== false) found.set(id, command)
    }
  }
  return [...found].map(([id, command]) => ({ id, command }))
}

function runCommand(id: ShortcutId): boolean {
  const found = commandsNow().find(each => each.id === id)
  if (found === undefined) return false
  void found.command.run()
  return true
}
/** One reader for all, so that two keys of one shortcut meet. */
export const pressKey = keyReader(runCommand)

/** Binds commands to their shortcuts and offers them in the palette, as long as the component is there. */
export function useCommands(commands: Commands): void {
  // In the capturing phase: before the shortcuts of single widgets.
  if (users++ === 0) window.addEventListener('keydown', pressKey, true)
  bound.add(commands)
  onScopeDispose(() => {
    bound.delete(commands)
    if (--users === 0) window.removeEventListener('keydown', pressKey, true)
  })
}
