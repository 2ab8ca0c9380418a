import { describe, expect, it } from 'vitest'
import { age, cityTimeAt, isOverdue, nextClock, secondsLeft, spell } from './clocks'
import { clock, incident } from './samples'

const NOW = Date.parse('2026-11-22T06:00:00Z')

describe('the city clock', () => {
  it('runs with ours between two messages', () => expect(cityTimeAt({ server: 1000, real: 500, speed: 1 }, 800)).toBe(1300))
  it('runs twenty times as fast in a demo', () => expect(cityTimeAt({ server: 1000, real: 500, speed: 20 }, 600)).toBe(3000))
  it('stands still when it is moved by hand', () => expect(cityTimeAt({ server: 1000, real: 500, speed: 0 }, 9000)).toBe(1000))
})

describe('a clock on a stage', () => {
  it('counts down to its due time and beyond', () => {
    expect(secondsLeft(clock('offer', '2026-11-22T06:00:30Z'), NOW)).toBe(30)
    expect(secondsLeft(clock('offer', '2026-11-22T05:59:50Z'), NOW)).toBe(-10)
  })
  it('is overdue the moment it runs out, before the server has said so', () =>
    expect(isOverdue(clock('offer', '2026-11-22T05:59:59Z'), NOW)).toBe(true))
  it('is not overdue once it was met, however late that was', () =>
    expect(isOverdue(clock('offer', '2026-11-22T05:00:00Z', 'met'), NOW)).toBe(false))
})

describe('the clock that matters', () => {
  it('is the running one due first', () => {
    const i = incident('a', { clocks: [clock('resolve', '2026-11-22T07:00:00Z'), clock('accept', '2026-11-22T06:01:00Z')] })
    expect(nextClock(i, NOW)?.stage).toBe('accept')
  })
  it('is the overdue one before any other', () => {
    const i = incident('a', { clocks: [clock('accept', '2026-11-22T06:00:10Z'), clock('arrive', '2026-11-22T06:05:00Z', 'breached')] })
    expect(nextClock(i, NOW)?.stage).toBe('arrive')
  })
  it('is not a breached one whose stage has happened after all', () => {
    const i = incident('a', { accepted_at: '2026-11-22T05:59:00Z', clocks: [clock('accept', '2026-11-22T05:58:00Z', 'breached'), clock('arrive', '2026-11-22T06:05:00Z')] })
    expect(nextClock(i, NOW)?.stage).toBe('arrive')
  })
  it('is none when all are met', () => expect(nextClock(incident('a', { clocks: [clock('accept', '2026-11-22T05:00:00Z', 'met')] }), NOW)).toBeNull())
})

describe('spelling', () => {
  it.each([[0, '00:00'], [65, '01:05'], [3605, '1:00:05'], [-65, '+01:05']])('%i s is %s', (s, text) => expect(spell(s)).toBe(text))
  it('knows no negative age', () => expect(age('2026-11-22T06:00:01Z', NOW)).toBe('00:00'))
})
