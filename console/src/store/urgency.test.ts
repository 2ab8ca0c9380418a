import { describe, expect, it } from 'vitest'
import { clock, incident } from './samples'
import { byUrgency, NO_FILTER, passes } from './urgency'

const NOW = Date.parse('2026-11-22T06:10:00Z')
const order = (...incidents: Parameters<typeof incident>[]) => byUrgency(incidents.map((args) => incident(...args)), NOW).map((i) => i.id)

describe('the order of the list', () => {
  it('puts the more urgent level first', () => expect(order(['w', { level: 'white' }], ['r', { level: 'red' }], ['y', { level: 'yellow' }])).toEqual(['r', 'y', 'w']))
  it('within a level puts those first whose clock has run out', () =>
    expect(order(['old', { received_at: '2026-11-22T05:00:00Z' }], ['late', { clocks: [clock('accept', '2026-11-22T06:05:00Z')] }])).toEqual(['late', 'old']))
  it('then the oldest', () => expect(order(['new', { received_at: '2026-11-22T06:09:00Z' }], ['old', { received_at: '2026-11-22T05:00:00Z' }])).toEqual(['old', 'new']))
  it('puts what is resolved after all that still runs', () => expect(order(['done', { level: 'red', state: 'resolved' }], ['open', { level: 'white' }])).toEqual(['open', 'done']))
})

describe('the filter', () => {
  it('lets everything pass when nothing is chosen', () => expect(passes(NO_FILTER, undefined)(incident('a'))).toBe(true))
  it('keeps the chosen levels and states', () => {
    const keep = passes({ ...NO_FILTER, levels: ['red'], states: ['open'] }, undefined)
    expect([keep(incident('a', { level: 'red' })), keep(incident('b', { level: 'blue' })), keep(incident('c', { level: 'red', state: 'active' }))]).toEqual([true, false, false])
  })
  it('takes an organisation with all below it', () => {
    const keep = passes(NO_FILTER, '/c/s/')
    expect([keep(incident('a', { org_path: '/c/s/' })), keep(incident('b', { org_path: '/c/s/x/' })), keep(incident('c', { org_path: '/c/t/' }))]).toEqual([true, true, false])
  })
  it('finds words in number, summary and place', () =>
    expect(passes({ ...NO_FILTER, words: ' 春湖 ' }, undefined)(incident('a', { place: '春湖路' }))).toBe(true))
})
