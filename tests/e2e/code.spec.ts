import type { Locator, Page } from 'playwright/test'
import type { RuntimesAnswer } from '#shared/schemas/execution.ts'
import type { z } from 'zod'
import { expect, expectAccessible, expectNoSidewaysScroll, story, untilLive } from './story.ts'

const source = (page: Page): Locator => page.getByRole('textbox', { name: 'Source' })
const sentence = (page: Page): Locator => page.getByTestId('code-sentence')
const run = (page: Page): Locator => page.getByRole('button', { name: 'Run', exact: true })

async function write(page: Page, program: string): Promise<void> {
  await source(page).focus()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(program)
}
/** Submits as another program would. Answers the id of the run. */
async function submit(origin: string, body: object): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/public/execute`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return (await answer.json() as { data: { job_id: string } }).data.job_id
}
const runtimes = async (origin: string) => (await (await fetch(`${origin}/api/v1/public/runtimes`)).json() as z.output<typeof RuntimesAnswer>).data

story.describe('a program', () => {
  story.beforeEach(async ({ origin }) => {
    let now = await runtimes(origin)
    for (let tries = 0; !now.available && tries < 40; tries++) {
      await new Promise(resolve => setTimeout(resolve, 500))
      now = await runtimes(origin)
    }
    story.skip(!now.runtimes.some(({ language }) => language === 'python'), `no Python can be run here: ${now.reason ?? 'it is not installed'} ${now.remedy ?? ''}`)
  })

  story('is written and run with the keyboard, and watched line by line', async ({ page }) => {
    await page.goto('/code')
    await write(page, [
      'import sys, time',
      'for i in range(20):',
      '    print(f"line {i}", flush=True)',
      '    if i == 1: print("careful", file=sys.stderr, flush=True)',
      '    if i == 2: print("\\x1b[2J\\x1b[31mred \\u202Etxt.exe", flush=True)',
      '    time.sleep(0.25)',
    ].join('\n'))
    await page.keyboard.press('ControlOrMeta+Enter')
    await expect(page.getByTestId('code-live').getByText('line 1')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible()
    await expect(page.getByTestId('code-live').locator('[data-stream=stderr]')).toHaveText('errcareful')
    const result = page.getByTestId('code-result')
    await expect(result).toContainText('line 19')
    // The streams in words, not by colour alone; what would have wiped a terminal stands there as text.
    await expect(result.locator('[data-stream=stderr]')).toHaveText('errcareful')
    await expect(result.getByText('<ESC>').first()).toBeVisible()
    await expect(result.locator('[data-stream=stdout]').filter({ hasText: 'txt.exe' })).toHaveText('out<ESC>[2J<ESC>[31mred <U+202E>txt.exe')
    await expect(result.getByRole('meter', { name: 'Wall time' })).toHaveAttribute('aria-valuetext', /of 10 s/)
    await expect(page.getByRole('region', { name: 'Runs' }).locator('[data-row]').first()).toBeVisible()
    await expectNoSidewaysScroll(page)
    await expectAccessible(page)
    // What was written and what came of it are there after a reload.
    await page.reload()
    await expect(page.getByTestId('code-result')).toContainText('line 19')
    await expect(source(page)).toContainText('careful')
  })

  story('that runs too long is ended, told in a sentence, and run again with changes', async ({ page }) => {
    await page.goto('/code?tab=limits')
    await write(page, 'print("begun", flush=True)\nwhile True: pass')
    await page.getByRole('spinbutton', { name: 'Wall time', exact: true }).fill('300')
    await run(page).click()
    await expect(sentence(page)).toHaveText(/300 ms|0\.3\d? s/)
    await expect(page.getByTestId('code-result').getByText('Time limit')).toBeVisible()
    await expect(page.getByTestId('code-result')).toContainText('begun')
    const id = new URL(page.url()).searchParams.get('run')!

    await page.goto(`/code/${id}`)
    await expect(page.getByRole('heading', { level: 1 })).toContainText(id.slice(-12))
    await expect(sentence(page)).toHaveText(/300 ms|0\.3\d? s/)
    await page.getByText('Limits, and what held them').click()
    await expect(page.getByRole('row', { name: /^Wall time/ })).toContainText('asked for')
    await expectAccessible(page)
    await expectNoSidewaysScroll(page)
    await page.getByRole('link', { name: 'Run a changed copy' }).click()
    await expect(source(page)).toContainText('while True')
    await expect(page.getByRole('spinbutton', { name: 'Wall time', exact: true })).toHaveCount(0)
    await page.getByRole('tab', { name: /Limits/ }).click()
    await expect(page.getByRole('spinbutton', { name: 'Wall time', exact: true })).toHaveValue('300')
    await write(page, 'print("mended")')
    await page.keyboard.press('ControlOrMeta+Enter')
    await expect(page.getByTestId('code-result')).toContainText('mended')
    expect(new URL(page.url()).searchParams.get('run')).not.toBe(id)
  })

  story('gets several inputs, and stops at the first that fails', async ({ page }) => {
    await page.goto('/code')
    await write(page, 'import sys\nword = sys.stdin.read()\nprint(word.upper())\nsys.exit(3 if word == "b" else 0)')
    await page.getByRole('switch', { name: 'Several inputs' }).click()
    await page.getByRole('textbox', { name: 'Standard input of Input 1' }).fill('a')
    for (const [number, word] of [[2, 'b'], [3, 'c']] as const) {
      await page.getByRole('button', { name: 'Add an input' }).click()
      await page.getByRole('textbox', { name: `Standard input of Input ${number}` }).fill(word)
    }
    await page.getByRole('switch', { name: 'Stop at the first failure' }).click()
    await run(page).click()
    await expect(page.getByText('1 of 2 ended well, 1 left out after the first that did not.')).toBeVisible()
    await expect(page.getByTestId('code-result').locator('[data-stream=stdout]')).toHaveText('outB')
    await page.getByRole('list', { name: 'Inputs' }).getByRole('button', { name: /^Input 1/ }).click()
    await expect(page).toHaveURL(/input=1/)
    await expect(page.getByTestId('code-result').locator('[data-stream=stdout]')).toHaveText('outA')
  })

  story('is stopped by who watches it', async ({ page }) => {
    await page.goto('/code')
    await write(page, 'import time\nprint("waiting", flush=True)\ntime.sleep(9)')
    await run(page).click()
    await expect(page.getByTestId('code-live').getByText('waiting')).toBeVisible()
    await page.getByRole('button', { name: 'Stop' }).click()
    await expect(run(page)).toBeVisible({ timeout: 5000 })
    await expect(page.getByTestId('code-live').getByText('waiting')).toBeVisible()
  })

  story('prints bytes that are shown as bytes, and its job tells the same', async ({ page, origin }) => {
    const id = await submit(origin, { language: 'python', code: 'import sys\nsys.stdout.buffer.write(bytes([0, 255, 254, 65]))' })
    await page.goto(`/code/${id}`)
    await expect(page.getByTestId('code-result').getByText('stdout is not UTF-8 text: shown as bytes.')).toBeVisible()
    await expect(page.getByRole('group', { name: 'stdout as bytes' })).toContainText('00 ff fe 41')
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'stdout: download, byte for byte' }).click()
    const chunks: Buffer[] = []
    for await (const chunk of await (await saved).createReadStream()) chunks.push(chunk as Buffer)
    expect([...Buffer.concat(chunks)]).toEqual([0, 255, 254, 65])
    await page.getByRole('link', { name: 'The job of this run' }).click()
    await page.waitForURL(`**/jobs/${id}`)
    await expect(page.getByTestId('code-result').getByText('stdout is not UTF-8 text: shown as bytes.')).toBeVisible()
    await expectNoSidewaysScroll(page)
    await expectAccessible(page)
  })

  story('that is not right yet is not run, and the way to each fault is told', async ({ page }) => {
    await page.goto('/code?tab=environment')
    await write(page, ' ')
    await page.keyboard.press('Backspace')
    await page.getByRole('button', { name: 'Add a variable' }).click()
    await page.getByRole('textbox', { name: 'Name of variable 1' }).fill('1ST')
    await page.getByRole('tab', { name: /Input/ }).click()
    await run(page).click()
    const why = page.getByRole('alert', { name: 'Why it was not run' })
    await expect(why).toContainText('must not be empty')
    await why.getByRole('button', { name: /^env/ }).click()
    await expect(page).toHaveURL(/tab=environment/)
    await page.getByRole('textbox', { name: 'Name of variable 1' }).fill('FIRST')
    await expect(why.getByRole('button')).toHaveCount(1)
    await expectAccessible(page)
  })
})

story('the editor can be left by keyboard, and keeps a draft for each language', async ({ page }) => {
  await page.goto('/code')
  await untilLive(page)
  await write(page, 'if True:')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(source(page)).toBeFocused()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  await expect(source(page)).not.toBeFocused()
  await page.reload()
  await expect(source(page)).toContainText('if True:')
  await page.getByRole('button', { name: 'Example' }).click()
  await expect(source(page)).toContainText('Hello')
})

story('a server that can run nothing says why and what to do, and mends itself', async ({ page }) => {
  let isMended = false
  await page.route('**/api/v1/public/runtimes', async (route) => {
    const answer = await route.fetch()
    const { data } = await answer.json() as z.output<typeof RuntimesAnswer>
    const changed = isMended ? { ...data, available: true } : { ...data, available: false, reason: 'bubblewrap is not installed.', remedy: 'apt-get install bubblewrap' }
    await route.fulfill({ response: answer, json: { data: changed } })
  })
  await page.goto('/code')
  const panel = page.getByRole('alert', { name: 'No code can be run' })
  await expect(panel).toContainText('bubblewrap is not installed.')
  await expect(panel).toContainText('apt-get install bubblewrap')
  await expect(run(page)).toBeDisabled()
  await expectAccessible(page)
  isMended = true
  await expect(panel).toBeHidden()
  await expect(run(page)).toBeEnabled()
})

story.describe('a run that is not there', () => {
  story.use({ expected: /Failed to load resource: the server responded with a status of 404|WebSocket connection to/ })
  story('is said, without a broken page', async ({ page }) => {
    await page.goto(`/code/${crypto.randomUUID()}`)
    await expect(page.getByText('There is no such run')).toBeVisible()
    await expectAccessible(page)
  })
})
