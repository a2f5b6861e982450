import { describe, expect, it } from 'vitest'
import { describeDriver } from '../driver-contract.ts'
import { createDriver } from './real-engine.ts'

const command = process.env['TEST_CONTAINER_COMMAND']
// Making a container takes a busy engine seconds.
if (command) describe('the drivers\' contract', { timeout: 90_000 }, () => { describeDriver(`containers of ${command}`, () => createDriver(command)) })
else it('the drivers\' contract is held against containers where TEST_CONTAINER_COMMAND names an engine', () => expect(command).toBeUndefined())
