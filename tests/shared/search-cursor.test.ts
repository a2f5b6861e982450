import { describe, expect, it } from 'vitest'
import { placeAt } from '#shared/search-cursor.ts'

/** The place at the "|" of a text. */
function at(marked: string) {
  const text = marked.replace('|', '')
  const place = placeAt(text, marked.indexOf('|'))
  return { ...place, replaced: text.slice(place.from, place.to) }
}

describe('what is being written at a place of a search', () => {
  it('is a key until its colon is there', () => {
    expect(at('que|')).toMatchObject({ written: 'que', key: null, field: null, replaced: 'que' })
    expect(at('state:failed payload.us|')).toMatchObject({ written: 'payload.us', key: null, replaced: 'payload.us' })
  })
  it('is replaced with the rest of its key and the colon, so that none stands there twice', () => {
    expect(at('que|ue:mail')).toMatchObject({ written: 'que', replaced: 'queue:' })
  })
  it('is one value of a list, the one around the place', () => {
    expect(at('state:failed,ex|')).toMatchObject({ key: 'state', field: 'state', written: 'ex', replaced: 'ex' })
    expect(at('state:fai|led,expired queue:a')).toMatchObject({ written: 'fai', replaced: 'failed' })
    expect(at('queue:|')).toMatchObject({ key: 'queue', field: 'queue', written: '', replaced: '' })
  })
  it('begins behind the minus of a negation', () => {
    expect(at('-que|')).toMatchObject({ written: 'que', from: 1 })
    expect(at('-|')).toMatchObject({ written: '', from: 1, key: null })
  })
  it('holds blanks, commas and colons between quotation marks', () => {
    expect(at('error:"a, b: c|')).toMatchObject({ key: 'error', written: '"a, b: c' })
    expect(at('payload."a b:c".d:1|')).toMatchObject({ key: 'payload."a b:c".d', field: 'payload', written: '1' })
    expect(at('error:"he said \\"no|')).toMatchObject({ key: 'error', written: '"he said \\"no' })
  })
  it('knows the field whatever its case and path, and none that does not exist', () => {
    expect(at('Payload.user.id:4|')).toMatchObject({ key: 'Payload.user.id', field: 'payload' })
    expect(at('colour:r|')).toMatchObject({ key: 'colour', field: null })
  })
})
