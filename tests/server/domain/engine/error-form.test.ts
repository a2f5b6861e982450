import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorForm, errorGroupOf } from '#server/domain/engine/error-form.ts'

/** What names one occurrence, drawn anew for each. */
const digits = fc.nat(99_999_999).map(String)
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 12, maxLength: 40 }).filter(text => /[0-9]/.test(text) && /[a-f]/.test(text))
const inner = fc.string({ unit: fc.constantFrom(...'abc 012/.:-_é'), maxLength: 40 })
const VARIABLE = {
  number: digits, decimal: fc.tuple(digits, digits).map(([a, b]) => `${a}.${b}`), uuid: fc.uuid(), hex,
  quoted: inner.map(text => `"${text}"`), address: fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([ip, port]) => `${ip}:${port}`),
  mail: fc.emailAddress().filter(text => /^[\w.+-]+@[\w.-]+$/.test(text)), url: fc.webUrl({ withQueryParameters: true }).filter(url => /^[\w:/.?=&+%~-]+[\w/]$/.test(url)), path: fc.array(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 2, maxLength: 5 }).map(parts => `/${parts.join('/')}`),
  duration: fc.tuple(fc.nat(999), fc.constantFrom('ms', 's', ' m', ' seconds')).map(([n, unit]) => `${n}${unit}`), time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map(date => date.toISOString()),
} satisfies Record<string, fc.Arbitrary<string>>
type Kind = keyof typeof VARIABLE

const WORDS = ['cannot', 'reach', 'the', 'mailbox', 'for', 'customer', 'invalid', 'TypeError', 'queue', 'ECONNREFUSED', 'of', 'undefined', 'after', 'row', 'k8s'] as const
const sentence = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 8 })
const kinds = fc.array(fc.constantFrom(...Object.keys(VARIABLE) as Kind[]), { minLength: 1, maxLength: 4 })

describe('the group of an error', () => {
  it('stays the same whatever the numbers, ids, addresses, paths, times and quoted texts are', () => {
    const twice = fc.tuple(sentence, kinds).chain(([said, chosen]) => {
      const one = fc.tuple(...chosen.map(kind => VARIABLE[kind])).map(values => `${said.join(' ')}: ${values.map((value, n) => `value ${value} of ${said[n % said.length]!}`).join(', ')}`)
      return fc.tuple(one, one)
    })
    fc.assert(fc.property(twice, ([one, other]) => { expect(errorForm(one)).toBe(errorForm(other)) }), { numRuns: 500 })
  })

  it('differs when the words differ', () => {
    fc.assert(fc.property(sentence, sentence, (one, other) => {
      fc.pre(one.join() !== other.join())
      expect(errorGroupOf(one.join(' '))).not.toBe(errorGroupOf(other.join(' ')))
    }), { numRuns: 500 })
  })

  it.each([
    ['HTTP 503 from the receiver', 'HTTP 404 from the receiver'], ['exit code 137', 'exit code 1'], ['SQLSTATE 23505', 'SQLSTATE 40001'],
    ['TypeError: no row', 'RangeError: no row'], ['connect ECONNREFUSED 10.0.0.1:80', 'connect ETIMEDOUT 10.0.0.1:80'],
    ['boom\n    at load (/app/users.ts:1:2)', 'boom\n    at save (/app/users.ts:1:2)'],
  ])('keeps apart %j and %j', (one, other) => { expect(errorForm(one)).not.toBe(errorForm(other)) })

  it.each([
    ['TypeError: x is not a function\n    at load (/app/src/users.ts:10:5)\n    at y (/app/node_modules/y/z.js:1:2)\n    at node:internal/timers:5:1\n    at async main (file:///srv/app-7/index.mjs:3:4)', 'TypeError: x is not a function\n  at load users.ts\n  at main index.mjs'],
    ['HTTP 503 from https://a.example.com/v1?id=3 after 3 m 12 s', 'HTTP 503 from <url> after <duration>'],
    ['ids [1, 2, 3] and 1,234 bytes', 'ids [<n>] and <size>'],
    ['connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED <address>'],
    ['ENOENT: no such file, open \'/tmp/a/b.txt\'', 'ENOENT: no such file, open "…"'],
    ['can\'t find the user\'s file (cus_9s6XKzkNRZ6x)', 'can\'t find the user\'s file (<n>)'],
    ['C:\\Users\\x\\y.txt is gone', '<path> is gone'],
    ['Invalid call:\n\n\nUnique constraint failed', 'Invalid call: Unique constraint failed'],
    ['Traceback (most recent call last):\n  File "x.py", line 3, in f\n    foo()\nValueError: bad value 7\n', 'ValueError: bad value <n>'],
    ['', '(no error text)'], [' \n \n', '(no error text)'],
  ])('has a form that people can read: %j', (text, form) => { expect(errorForm(text)).toBe(form) })

  it('is an id like any other', () => {
    fc.assert(fc.property(fc.string(), (text) => { expect(errorGroupOf(text)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) }))
  })

  it('is found in bounded time, also of a megabyte that was made to hurt', () => {
    const megabyte = (part: string) => part.repeat(Math.ceil(1e6 / part.length))
    const hostile = ['a', '1a', '"', '\'a ', '\n', '\n at (', 'a:', '-', '/a', '1 s ', '1, ', '@a.', '1.', '\\', ' ', '. ', 'é1', '\ud800', 'a-1-', '://', '0:', 'aA1_', '"\\'].map(megabyte)
    for (const text of hostile) {
      errorForm(text.slice(0, 1000))
      const start = performance.now()
      expect(errorForm(text).length).toBeLessThan(4000)
      expect(performance.now() - start, JSON.stringify(text.slice(0, 8))).toBeLessThan(250)
    }
  })

  it('never throws and is bounded for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => { expect(errorForm(text).length).toBeLessThan(4000) }), { numRuns: 300 })
  })
})
