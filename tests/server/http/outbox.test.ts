import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { sendToAll } from '#server/http/outbox.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

it('a text for a thousand sockets lets others have their turn, and reaches each once', async () => {
  const reached: number[] = []
  let turns = 0
  sendToAll(numbers(1000), one => reached.push(one))
  expect(reached.length).toBeGreaterThan(0)
  expect(reached.length).toBeLessThan(100)
  while (reached.length < 1000) {
    await turn()
    turns++
  }
  expect(turns).toBeGreaterThan(10)
  expect(reached).toEqual(numbers(1000))
})

it('texts come in the order in which they were sent, also to a single socket meanwhile', async () => {
  const heard: string[][] = numbers(200).map(() => [])
  sendToAll(heard, one => one.push('first'))
  sendToAll(heard, one => one.push('second'))
  sendToAll([heard[199]!], one => one.push('third'))
  for (let n = 0; n < 50; n++) await turn()
  expect(heard.slice(0, 199)).toEqual(numbers(199).map(() => ['first', 'second']))
  expect(heard[199]).toEqual(['first', 'second', 'third'])
})

it('a socket that broke keeps nobody else from hearing', async () => {
  const reached: number[] = []
  sendToAll(numbers(100), (one) => {
    if (one === 7) throw new Error('broken')
    reached.push(one)
  })
  for (let n = 0; n < 10; n++) await turn()
  expect(reached).toHaveLength(99)
})
