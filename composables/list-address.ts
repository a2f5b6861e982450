/** The list of jobs as it was last looked at, with its filters and its page: where "back" leads from whatever came after. */
let address = '/jobs'

export const lastList = (): string => address

/** Keeps the address of the list that is on the screen. */
export function useListAddress(): void {
  const route = useRoute()
  watch(() => route.fullPath, (path) => { if (route.path === '/jobs') address = path }, { immediate: true })
}
