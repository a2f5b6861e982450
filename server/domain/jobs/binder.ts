/** Collects the parameters of a statement; `bind` takes a value and answers its placeholder. */
export interface Binder { bind: (value: unknown) => string, values: unknown[] }

/** A collector whose first placeholder is `$<firstParameter>`. */
export function binder(firstParameter: number): Binder {
  const values: unknown[] = []
  return { values, bind: value => `$${firstParameter + values.push(value) - 1}` }
}
