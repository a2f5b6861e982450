import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { intArray, textArray, uuidArray } from '#server/infra/binary-arrays.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => { database = await createTestDatabase({ migrated: false }) })
afterAll(() => database.drop())

const readBack = async (type: string, value: Buffer): Promise<unknown> => (await database.owner.query(`select $1::${type}[] as value`, [value])).rows[0].value

describe('arrays in binary form', () => {
  it('are read by PostgreSQL as the ids they were', () => fc.assert(fc.asyncProperty(fc.array(fc.uuid(), { maxLength: 50 }), async (ids) => {
    // node-postgres has no parser for uuid[]: as text[] it has.
    expect((await database.owner.query('select $1::uuid[]::text[] as value', [uuidArray(ids)])).rows[0].value).toEqual(ids)
  })))

  it('take ids in capitals, too', async () => {
    const id = '01890A5D-AC96-774B-BCCE-B302099A8057'
    expect((await database.owner.query('select $1::uuid[]::text[] as value', [uuidArray([id])])).rows[0].value).toEqual([id.toLowerCase()])
  })

  it('are read as the numbers they were', () => fc.assert(fc.asyncProperty(fc.array(fc.integer(), { maxLength: 50 }), async (values) => {
    expect(await readBack('int4', intArray(values))).toEqual(values)
  })))

  it('are read as the texts they were, whatever is in them, and nulls stay nulls', () => fc.assert(fc.asyncProperty(
    fc.array(fc.option(fc.string({ unit: 'binary' }).map(text => text.replaceAll('\0', '')), { nil: null }), { maxLength: 50 }), async (values) => {
      expect(await readBack('text', textArray(values))).toEqual(values)
    })))
})
