import { defineStore } from 'pinia'

export const TIME_STYLES = ['relative', 'local', 'utc'] as const
export type TimeStyle = (typeof TIME_STYLES)[number]
const KEY = 'bespin-preferences'

function stored(): { isNavCollapsed?: unknown, timeStyle?: unknown } {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  }
  catch {
    return {} // storage is off or holds nonsense: the defaults are fine
  }
}

/** What this person set on this browser: narrow navigation, how times are written. */
export const usePreferences = defineStore('preferences', () => {
  const saved = stored()
  const isNavCollapsed = ref(saved.isNavCollapsed === true)
  const timeStyle = ref<TimeStyle>(TIME_STYLES.find(style => style === saved.timeStyle) ?? 'relative')
  const nextTimeStyle = () => {
    timeStyle.value = TIME_STYLES[(TIME_STYLES.indexOf(timeStyle.value) + 1) % TIME_STYLES.length] ?? 'relative'
  }
  watch([isNavCollapsed, timeStyle], () => {
    try {
      localStorage.setItem(KEY, JSON.stringify({ isNavCollapsed: isNavCollapsed.value, timeStyle: timeStyle.value }))
    }
    catch { /* private mode: the choice lasts as long as the tab */ }
  })
  return { isNavCollapsed, timeStyle, nextTimeStyle }
})
