import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createJobCommand, firstWebhookCommand, shellWord } from '../../composables/first-commands.ts'

/** What a shell makes of a command line when curl only prints its arguments. */
const run = (command: string) => execFileSync('sh', ['-c', `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`], { encoding: 'utf8' }).split('\0')

describe('command lines to copy', () => {
  it.each(['plain', 'it\'s', '$HOME `id` "x" \\', 'line\nbreak'])('hand %j to a shell unchanged', (text) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text)
  })

  it('sends the body of the form', () => {
    const body = { job_type: 'random-text', payload: { length: 5, seed: 'it\'s $HOME' } }
    const words = run(createJobCommand('http://localhost:3002', body))
    expect(JSON.parse(words[words.indexOf('-d') + 1] ?? '')).toEqual(body)
  })

  it('signs the first webhook with the secret of the test source', () => {
    const words = run(firstWebhookCommand('http://localhost:3002'))
    const body = words[words.indexOf('-d') + 1] ?? ''
    expect(words).toContain(`X-Webhook-Signature: sha256=${createHmac('sha256', 'test-secret').update(body).digest('hex')}`)
  })
})
