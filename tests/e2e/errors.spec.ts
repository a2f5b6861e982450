import type { Locator } from 'playwright/test'
import { expect, expectAccessible, expectNoSidewaysScroll, makeDrill, ownQueue, story, untilLive, untilState } from './story.ts'

const GROUP_TEXT = 'This is failure <n> of a drill.'

/** Jobs of this queue that failed for good, and are counted in their group. */
async function failTogether(origin: string, queue: string, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => makeDrill(origin, { fail_times: 1000, retryable: false }, { queue_name: queue })))
  for (const id of ids) await untilState(origin, id, 'failed')
  await expect.poll(async () => (await (await fetch(`${origin}/api/v1/errors?queue_name=${queue}`)).json() as { errors: unknown[] }).errors.length).toBe(1)
  return ids
}

story('failures that say the same are one line, which is muted and unmuted with a reason', async ({ page, origin, viewport }) => {
  const queue = ownQueue()
  await failTogether(origin, queue, 3)
  await page.goto(`/errors?tab=all&queue_name=${queue}`)
  await untilLive(page)
  const line = page.getByRole('row').filter({ hasText: GROUP_TEXT })
  await expect(line).toHaveCount(1)
  await expectNoSidewaysScroll(page)
  await expectAccessible(page)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: GROUP_TEXT })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Facts' }).getByRole('link', { name: queue })).toBeVisible()
  await expectNoSidewaysScroll(page)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Mute', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('the relay is known to be down')
  await expectAccessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Mute' }).click()
  await expect(page.getByTestId('sentence')).toContainText('Muted until')
  await expect(page.getByRole('region', { name: 'Story' })).toContainText('the relay is known to be down')
  await page.goto(`/errors?queue_name=${queue}`)
  await expect(page.getByText('No error matches')).toBeVisible()
  await page.getByRole('link', { name: /^Muted/ }).click()
  if ((viewport?.width ?? 0) >= 640) await page.getByRole('button', { name: `Unmute: ${GROUP_TEXT}` }).click()
  else {
    await page.getByRole('link', { name: GROUP_TEXT }).click()
    await page.getByRole('button', { name: 'Unmute' }).click()
  }
  await page.getByRole('dialog').getByRole('button', { name: 'Unmute' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Unmuted.' })).toBeVisible()
})

story('an error is resolved, its jobs are sent again from its page, and it comes back as regressed', async ({ page, origin }) => {
  const queue = ownQueue()
  const [id] = await failTogether(origin, queue, 2)
  await page.goto(`/jobs/${id}`)
  await page.getByRole('link', { name: 'All failures like this' }).click()
  await expect(page.getByRole('heading', { level: 1, name: GROUP_TEXT })).toBeVisible()
  await page.getByRole('button', { name: 'Resolve' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('mended')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sentence')).toContainText('Resolved')
  await page.getByRole('button', { name: 'Retry jobs' }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Retry [\d,]+ jobs?$/ }).click()
  await expect(page.getByRole('region', { name: 'Retry of the jobs' })).toContainText(/Sent [\d,]+ jobs? to run again/)
  // The drill fails again, live.
  await expect(page.getByTestId('sentence')).toContainText('after it was resolved')
  await expect(page.getByRole('region', { name: 'Story' })).toContainText('Came back after it was resolved, with worker version')
  await page.getByRole('link', { name: 'All its jobs' }).click()
  await expect(page.getByText('Only jobs with a run that failed so:')).toBeVisible()
  await expect(page.getByRole('link', { name: GROUP_TEXT })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Jobs of every error' }).click()
  await expect(page.getByText('Only jobs with a run that failed so:')).toHaveCount(0)
})

story('the jobs of a whole error are retried by the keyboard alone: counted first, with a reason, to the page of the action', async ({ page, origin }) => {
  const queue = ownQueue()
  await failTogether(origin, queue, 3)
  const tabTo = async (target: Locator) => {
    await expect(target).toBeVisible()
    for (let n = 0; n < 80 && !await target.evaluate(element => element === document.activeElement); n++) await page.keyboard.press('Tab')
    await expect(target).toBeFocused()
  }
  await page.goto(`/errors?tab=all&queue_name=${queue}`)
  await untilLive(page)
  await expect(page.getByRole('row').filter({ hasText: GROUP_TEXT })).toHaveCount(1)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await tabTo(page.getByRole('button', { name: 'Retry jobs' }))
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('status')).toContainText(/[\d,]+ jobs? would change/)
  await expect(dialog.getByLabel('Reason')).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.type('the receiver is mended')
  await page.keyboard.press('Enter')
  const progress = page.getByRole('region', { name: 'Retry of the jobs' })
  await expect(progress).toContainText(/Sent [\d,]+ jobs? to run again/)
  await expect(page.getByRole('region', { name: 'Story' })).toContainText(/jobs? sent to run again by open access: the receiver is mended/)
  await expectNoSidewaysScroll(page)
  await expectAccessible(page)
  await tabTo(progress.getByRole('link', { name: 'Details' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: /^Retry [\d,]+ jobs?$/ })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Facts' })).toContainText('the receiver is mended')
  await tabTo(page.getByRole('link', { name: 'failed, that failed with one error' }))
  await page.keyboard.press('Enter')
  await expect(page.getByText('Only jobs with a run that failed so:')).toBeVisible()
})

story('the overview leads to an error, the dead letter to what is similar', async ({ page, origin, viewport }) => {
  const queue = ownQueue()
  await failTogether(origin, queue, 1)
  await page.goto('/')
  await page.getByRole('region', { name: 'Latest errors' }).getByRole('link', { name: GROUP_TEXT }).click()
  await expect(page.getByRole('heading', { level: 1, name: GROUP_TEXT })).toBeVisible()
  await page.goto(`/jobs?state=failed&queue_name=${queue}`)
  if ((viewport?.width ?? 0) >= 640) await page.getByRole('link', { name: /^similar failures to/ }).first().click()
  else {
    await page.getByRole('row').getByRole('link', { name: /drill/ }).first().click()
    await page.getByRole('link', { name: 'All failures like this' }).click()
  }
  await expect(page.getByRole('heading', { level: 1, name: GROUP_TEXT })).toBeVisible()
  await page.getByRole('link', { name: '7d, last 7 days' }).click()
  await expect(page.getByRole('heading', { name: 'Failures, last 7 days' })).toBeVisible()
})
