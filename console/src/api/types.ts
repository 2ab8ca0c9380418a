/**
 * What the server says: the shapes generated from its OpenAPI document (`npm run api`), their codes narrowed to the
 * ones that words.md names. Times are ISO 8601 UTC, durations seconds, positions WGS 84.
 */
import type { components } from './generated'

type S = components['schemas']
/** The same shape with some fields known better; a field that the server does not have is an error. */
type Narrow<T, N extends { [K in keyof N]: K extends keyof T ? unknown : never }> = Omit<T, keyof N> & N

export const LEVELS = ['red', 'orange', 'yellow', 'blue', 'white'] as const satisfies S['Level'][]
export type Level = S['Level']
export type Params = Record<string, unknown>
export interface Reason { code: string; params: Params }
export type Name = S['Words']
export interface Position { lat: number; lon: number }

export type Permission =
  | 'report.hand_in' | 'report.take' | 'report.read' | 'incident.read' | 'incident.manage'
  | 'knowledge.read' | 'knowledge.answer' | 'knowledge.edit' | 'fraud.read' | 'fraud.desk'
  | 'assignment.act' | 'unit.manage' | 'position.send' | 'journal.read' | 'admin'
export type Account = Narrow<S['AccountView'], { permissions: Permission[] }>

export type Org = S['OrgView']
export type Category = Narrow<S['CategoryView'], { level: Level }>
export type Pack = Narrow<S['PackView'], { categories: Category[]; bounds: [number, number, number, number] }>

export type IncidentState = 'open' | 'active' | 'resolved' | 'closed' | 'diverted' | 'merged'
export type AssignmentState =
  | 'offered' | 'accepted' | 'en_route' | 'on_scene' | 'cleared' | 'declined' | 'expired' | 'withdrawn' | 'released'
export type ClockView = Narrow<S['ClockShown'], { state: 'running' | 'met' | 'breached' }>
export type AssignmentView = Narrow<S['AssignmentView'], { state: AssignmentState; reasons: Reason[] }>
interface IncidentCodes {
  state: IncidentState; level: Level; level_reasons: Reason[]; waiting: { since: string; reason: Reason } | null
  clocks: ClockView[]; assignments: AssignmentView[]; diversion: Diversion | null
}
export type IncidentView = Narrow<S['IncidentView'], IncidentCodes>
export interface Similar { incident: string; number: string; distance_m: number | null; age_s: number; score: number; reasons: Reason[] }
export type IncidentDetail = Narrow<S['IncidentDetail'], IncidentCodes & { reports: ReportView[]; similar: Similar[] }>

export type UnitStatus = S['UnitStatus']
export type UnitView = Narrow<S['UnitView'], { status: UnitStatus }>
export type ReportState = S['ReportState']
export type DiversionState = 'by_hand' | 'to_send' | 'sent' | 'taken' | 'done' | 'refused'
/** A request at the city hotline. */
export type Diversion = Narrow<S['DiversionView'], { state: DiversionState; needs_person: Reason | null }>
export type Proposal = Narrow<S['ProposalView'], { level: Level }>
export type ReportView = Narrow<S['ReportView'], {
  state: ReportState; level: Level | null; reasons: Reason[]; needs_person: Reason | null; proposal: Proposal | null; diversion: Diversion | null
}>
export type Diverted = Narrow<S['DivertedView'], {
  state: DiversionState; needs_person: Reason | null; about_report: ReportView | null; about_incident: IncidentView | null
}>
export type Entry = S['EntryView']
export type Candidate = Narrow<S['CandidateView'], { name: Name; status: UnitStatus; reasons: Reason[] }>
export type Notice = S['NotificationView']

export type PlaceSuggestion = Narrow<S['PlaceShown'], { reasons: Reason[] }>
export type Question = S['QuestionShown']
export type KnowledgeHit = S['KnowledgeHit']
export type Understanding = Narrow<S['UnderstoodView'], {
  level: Level; ours: 'police' | 'enquiry' | 'hotline' | 'unclear'; reasons: Reason[]; places: PlaceSuggestion[]; similar: Similar[]
}>
/** Key question → number of its answer. */
export type Answers = Record<string, number>
/** What is asked of the platform while a call-taker types; `at` is where she decided that it is. */
export interface Said { words: string; position?: Position; at?: Position; answers?: Answers }
/** What a call-taker wrote down and decided. */
export interface Description {
  words?: string; reporter?: { name?: string; contact?: string }; position?: Position & { accuracy_m?: number }
  category?: string; level?: Level; answers?: Answers; same_as?: string; enquiry?: string
}
export type BaseEntry = S['QuestionView']
export type BaseEntryDetail = S['EntryDetail']
export type NewBaseEntry = S['NewEntryIn']
export type Found = S['FoundView']
export type AskedState = S['AskedState']
export type Asked = Narrow<S['AskedView'], { state: AskedState }>
export interface NewReport extends Description { channel: S['Channel']; answered?: boolean }
export type IntervalFigures = S['Interval']
export type Intervals = S['IntervalsView']

export type StopState =
  | 'draft' | 'requested' | 'sent' | 'accepted' | 'refused' | 'stopped' | 'nothing_left' | 'lapsed' | 'renewed' | 'withdrawn'
export type FraudField = 'victim' | 'contact' | 'account' | 'counter_account' | 'counter_name' | 'bank' | 'amount' | 'time' | 'method'
export type Stop = Narrow<S['StopView'], { state: StopState; fields: Partial<Record<FraudField, S['FieldView']>> }>
export type FraudCase = Narrow<S['CaseView'], { state: 'open' | 'closed'; made_by: 'victim' | 'for_victim'; stops: Stop[] }>
export type FraudLine = Narrow<S['CaseLine'], { stop_state: StopState }>

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
