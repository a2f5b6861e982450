import { expect, it } from 'vitest'
import { describeDriver } from '../driver-contract.ts'
import { createDriver } from './real-engine.ts'

const command = process.env['TEST_CONTAINER_COMMAND']
if (command) describeDriver(`containers of ${command}`, () => createDriver(command))
else it('containers keep the drivers\' contract where TEST_CONTAINER_COMMAND names an engine', () => expect(command).toBeUndefined())
