import { describe, expect, it } from 'vitest'
import type { LiveMessage, LivePart } from '../api/types'
import { incident, report, unit } from './samples'
import { applyIncident, applyMessage, EMPTY, type Live } from './live'

const part = (position: number, given: Partial<LivePart> = {}): LivePart =>
  ({ position, now: '2026-11-22T06:00:00Z', incidents: [], units: [], reports: [], ...given })
const snapshot = (position: number, given: Partial<LivePart> = {}): LiveMessage => ({ type: 'snapshot', speed: 1, ...part(position, given) })
const entries = (position: number, given: Partial<LivePart> = {}): LiveMessage => ({ type: 'entries', entries: [], ...part(position, given) })
const after = (...messages: LiveMessage[]): Live => messages.reduce(applyMessage, EMPTY)

describe('the live store', () => {
  it('holds exactly what a snapshot says, whatever it held before', () => {
    const live = after(snapshot(1, { incidents: [incident('a')], units: [unit('u')] }), snapshot(9, { incidents: [incident('b')] }))
    expect([...live.incidents.keys()]).toEqual(['b'])
    expect(live.units.size).toBe(0)
    expect(live.position).toBe('9')
  })

  it('replaces an incident by its newer version and ignores an older one', () => {
    const live = after(snapshot(1, { incidents: [incident('a', { version: 3, state: 'active' })] }), entries(2, { incidents: [incident('a', { version: 2, state: 'open' })] }))
    expect(live.incidents.get('a')?.state).toBe('active')
    expect(applyMessage(live, entries(3, { incidents: [incident('a', { version: 4, level: 'red' })] })).incidents.get('a')?.level).toBe('red')
  })

  it('ends up the same when messages are repeated after a reconnect', () => {
    const first = snapshot(1, { incidents: [incident('a')], units: [unit('u')], reports: [report('r')] })
    const second = entries(2, { incidents: [incident('a', { version: 2, state: 'active' })], units: [unit('u', { version: 2, status: 'en_route' })] })
    const third = entries(3, { reports: [report('r', { version: 2, needs_person: null })] })
    expect(after(first, second, third, second, third).incidents).toEqual(after(first, second, third).incidents)
    expect(after(first, second, third, second, third)).toEqual({ ...after(first, second, third), position: '3' })
  })

  it.each(['closed', 'merged', 'diverted'] as const)('lets a %s incident leave', (state) => {
    expect(after(snapshot(1, { incidents: [incident('a')] }), entries(2, { incidents: [incident('a', { version: 2, state })] })).incidents.size).toBe(0)
  })

  it('takes a reopened incident in again', () => {
    const live = after(entries(2, { incidents: [incident('a', { version: 2, state: 'closed' })] }), entries(3, { incidents: [incident('a', { version: 3, state: 'open' })] }))
    expect(live.incidents.has('a')).toBe(true)
  })

  it('keeps a report only while it needs a person', () => {
    const live = after(snapshot(1, { reports: [report('r')] }))
    expect(live.reports.has('r')).toBe(true)
    expect(applyMessage(live, entries(2, { reports: [report('r', { version: 2, needs_person: null })] })).reports.size).toBe(0)
  })

  it('does not bring a report back by an older view of it', () => {
    const live = after(snapshot(1, { reports: [report('r', { version: 5 })] }), entries(2, { reports: [report('r', { version: 4, words: 'old' })] }))
    expect(live.reports.get('r')?.version).toBe(5)
  })

  it('moves a unit by a newer position and keeps its status', () => {
    const live = after(snapshot(1, { units: [unit('u', { status: 'on_scene', position_at: '2026-11-22T06:00:00Z' })] }),
      { type: 'positions', now: '', units: [{ code: 'u', lat: 1, lon: 2, at: '2026-11-22T06:00:05Z' }] })
    expect(live.units.get('u')).toMatchObject({ lat: 1, lon: 2, status: 'on_scene' })
  })

  it('ignores a position older than the one it has', () => {
    const live = after(snapshot(1, { units: [unit('u', { lat: 30, position_at: '2026-11-22T06:00:09Z' })] }),
      { type: 'positions', now: '', units: [{ code: 'u', lat: 1, lon: 2, at: '2026-11-22T06:00:05Z' }] })
    expect(live.units.get('u')?.lat).toBe(30)
  })

  it('takes status from the newer view and position from the newer sighting', () => {
    const live = after(snapshot(1, { units: [unit('u', { version: 1, lat: 30, position_at: '2026-11-22T06:00:09Z' })] }),
      entries(2, { units: [unit('u', { version: 2, status: 'unavailable', lat: 29, position_at: '2026-11-22T06:00:01Z' })] }))
    expect(live.units.get('u')).toMatchObject({ status: 'unavailable', lat: 30 })
  })

  it('ignores a unit it was never told of, which is out of its scope', () => {
    expect(after(snapshot(1), { type: 'positions', now: '', units: [{ code: 'x', lat: 1, lon: 2, at: '' }] }).units.size).toBe(0)
  })

  it('keeps what it had when nothing was told', () => {
    const notice = { id: 'n', at: '', kind: 'x', incident: null, report: null, number: null, params: {}, read_at: null }
    expect(after(snapshot(1, { notifications: [notice] }), entries(2)).notices.size).toBe(1)
  })

  it('shows the answer to an action at once and is not put back by the feed lagging behind', () => {
    const live = applyIncident(after(snapshot(1, { incidents: [incident('a')] })), incident('a', { version: 5, state: 'active' }))
    expect(applyMessage(live, entries(2, { incidents: [incident('a', { version: 4 })] })).incidents.get('a')?.state).toBe('active')
  })
})
