/** What the server says, by hand from the contract. Times are ISO 8601 UTC, durations seconds, positions WGS 84. */

export const LEVELS = ['red', 'orange', 'yellow', 'blue', 'white'] as const
export type Level = (typeof LEVELS)[number]

export type Params = Record<string, unknown>
export interface Reason { code: string; params: Params }
export interface Name { zh: string; en: string }
export interface Position { lat: number; lon: number }

export type Permission =
  | 'report.hand_in' | 'report.take' | 'report.read' | 'incident.read' | 'incident.manage'
  | 'assignment.act' | 'unit.manage' | 'position.send' | 'journal.read' | 'admin'

export interface Account {
  id: string; username: string; name: string; role: string; org: string; org_path: string
  unit: string | null; permissions: Permission[]
}

export interface Org { code: string; parent: string; kind: string; name: Name; path: string; lat: number | null; lon: number | null }
export interface Category { code: string; parent: string; name: Name; kind: string; level: Level }
export interface Pack {
  region: string; name: Name; language: string; timezone: string
  center: [number, number]; bounds: [number, number, number, number]
  orgs: Org[]; categories: Category[]; outcomes: { code: string; name: Name }[]
  levels: Level[]; targets: Partial<Record<Level, Record<string, number>>>; now: string; speed: number
}

export type IncidentState = 'open' | 'active' | 'resolved' | 'closed' | 'diverted' | 'merged'
export interface ClockView {
  id: string; stage: string; due_at: string; target_s: number; state: 'running' | 'met' | 'breached'; rung: number
}
export type AssignmentState =
  | 'offered' | 'accepted' | 'en_route' | 'on_scene' | 'cleared' | 'declined' | 'expired' | 'withdrawn' | 'released'
export interface AssignmentView {
  id: string; unit: string; state: AssignmentState; eta_s: number | null; score: number | null; reasons: Reason[]
  offered_at: string | null; expires_at: string | null; accepted_at: string | null; en_route_at: string | null
  on_scene_at: string | null; cleared_at: string | null; ended_at: string | null; end_reason: string | null
  handed_over_at: string | null
}
export interface IncidentView {
  id: string; number: string; state: IncidentState; category: string; level: Level; level_reasons: Reason[]
  summary: string; lat: number | null; lon: number | null; place: string | null; place_confidence: number | null
  area: string | null; org: string; org_path: string; channel: string; reports_count: number; units_needed: number
  waiting: { since: string; reason: Reason } | null
  received_at: string; answered_at: string | null; located_at: string | null; opened_at: string | null
  offered_at: string | null; handed_over_at: string | null; accepted_at: string | null; en_route_at: string | null
  on_scene_at: string | null; cleared_at: string | null; resolved_at: string | null; closed_at: string | null
  outcome: string | null; outcome_notes: string | null; call_back: string | null; merged_into: string | null
  version: number; clocks: ClockView[]; assignments: AssignmentView[]
}
export interface Similar { incident: string; number: string; distance_m: number; age_s: number; score: number; reasons?: Reason[] }
export interface IncidentDetail extends IncidentView {
  reports: ReportView[]; guidance: Name | null; similar: Similar[]
}

export type UnitStatus =
  | 'off_duty' | 'available' | 'offered' | 'committed' | 'en_route' | 'on_scene' | 'unavailable'
export interface UnitView {
  code: string; name: Name; org: string; kind: string; skills: string[]; phone: string; plate: string
  status: UnitStatus; status_reason: string | null; lat: number | null; lon: number | null; position_at: string | null
  assignment: string | null; incident: string | null; version: number
}

export type ReportState = 'received' | 'answered' | 'linked' | 'enquiry' | 'diverted' | 'unfounded'
export interface ReportView {
  id: string; channel: string; state: ReportState; received_at: string; answered_at: string | null; words: string | null
  reporter: { name: string | null; contact: string | null } | null; lat: number | null; lon: number | null
  media: string[]; incident: string | null; category: string | null; level: Level | null; reasons: Reason[]
  needs_person: Reason | null; reply: string | null; due_at: string | null; version: number
}

export interface Entry {
  position: number | string; at: string; kind: string; subject_kind: string; subject: string
  actor: string | null; data: Params
}
export interface Candidate {
  unit: string; name: Name; eta_s: number; distance_m: number; score: number
  parts: { nearness: number; territory: number; business: number }
  position_age_s: number | null; status: UnitStatus; preempts: string | null; reasons: Reason[]
}
export interface Notice {
  id: string; at: string; kind: string; incident: string | null; report: string | null; number: string | null
  params: Params; read_at: string | null
}

export interface PlaceSuggestion {
  name: string; kind: string; lat: number; lon: number; confidence: number; area: string | null; reasons: Reason[]
}
export interface Understanding {
  category: string | null; level: Level | null; reasons: Reason[]; alarms: unknown[]; ours: 'police' | 'enquiry' | 'hotline'
  places: PlaceSuggestion[]; similar: Similar[]
}
export interface NewReport {
  channel: string; words?: string; reporter?: { name?: string; contact?: string }; position?: Position
  answered?: boolean; category?: string; level?: Level
}

export interface IntervalFigures { n: number; p50_s: number | null; p90_s: number | null; p95_s: number | null; within_target: number | null }
export interface Intervals {
  from: string; to: string; intervals: Record<string, IntervalFigures>
  reports: Record<string, number>; incidents: Record<string, number>
}

export interface LivePart {
  position: number | string; now: string
  incidents: IncidentView[]; units: UnitView[]; reports: ReportView[]
  /** Left out when nothing was told. */
  notifications?: Notice[]
}
export type LiveMessage =
  | ({ type: 'snapshot'; speed: number } & LivePart)
  | ({ type: 'entries'; entries: Entry[] } & LivePart)
  | { type: 'positions'; now: string; units: { code: string; lat: number; lon: number; at: string }[] }
  | { type: 'clock'; now: string }
