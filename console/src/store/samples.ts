/** The least an incident, a unit and a report can be, for tests. */
import type { ClockView, IncidentView, ReportView, UnitView } from '../api/types'

export const incident = (id: string, given: Partial<IncidentView> = {}): IncidentView => ({
  id, number: id, state: 'open', category: 'theft', level: 'blue', level_reasons: [], summary: '', lat: 30, lon: 114, place: '',
  place_confidence: 0.9, area: null, org: 's', org_path: '/c/s/', channel: 'phone', reports_count: 1, units_needed: 1, waiting: null,
  received_at: '2026-11-22T06:00:00Z', answered_at: null, located_at: null, opened_at: null, offered_at: null, handed_over_at: null,
  accepted_at: null, en_route_at: null, on_scene_at: null, cleared_at: null, resolved_at: null, closed_at: null, outcome: null,
  outcome_notes: null, call_back: null, call_back_notes: null, merged_into: null, version: 1, clocks: [], assignments: [], diversion: null, ...given,
})

export const unit = (code: string, given: Partial<UnitView> = {}): UnitView => ({
  code, name: { zh: code, en: code }, org: 's', kind: 'car', skills: [], phone: '', plate: '', status: 'available', status_reason: null,
  lat: 30, lon: 114, position_at: null, assignment: null, incident: null, version: 1, ...given,
})

export const report = (id: string, given: Partial<ReportView> = {}): ReportView => ({
  id, channel: 'web', state: 'received', received_at: '2026-11-22T06:00:00Z', answered_at: null, words: '', reporter: { name: '', contact: '' }, occurred_at: null, lat: null, lon: null,
  media: [], incident: null, category: null, level: null, reasons: [], needs_person: { code: 'not_understood', params: {} }, proposal: null, reply: null,
  unlinkable: false, due_at: '2026-11-22T06:00:10Z', diversion: null, version: 1, ...given,
})

export const clock = (stage: string, due_at: string, state: ClockView['state'] = 'running'): ClockView =>
  ({ id: stage, stage, due_at, target_s: 60, state, stopped_at: null, rung: 0 })
