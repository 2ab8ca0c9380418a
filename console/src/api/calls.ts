/** Every call the console makes, by name. */
import { call } from './http'
import type { FeatureCollection } from 'geojson'
import type {
  Account, Asked, AskedState, BaseEntry, BaseEntryDetail, Candidate, Diversion, Diverted, Entry, Found, FraudCase, FraudLine,
  IncidentDetail, IncidentView, Intervals, NewBaseEntry, NewReport, Pack, ReportView, Said, Similar, Understanding, UnitStatus,
} from './types'

/** A line that is dead but not cut says nothing: after this the report is kept and tried again with the same key. */
const HAND_IN_MS = 10_000
const get = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, { signal })
const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, { body })

export const signIn = (username: string, password: string) =>
  call<{ account: Account }>('POST', '/session', { body: { username, password }, quiet401: true })
export const whoAmI = () => call<Account>('GET', '/session', { quiet401: true })
export const signOut = () => call<void>('DELETE', '/session', { quiet401: true })

export const getPack = () => get<Pack>('/pack')
export const getTexts = (language: string) => get<Record<string, string>>(`/i18n/${language}`)

export const listIncidents = (query: string) => get<{ incidents: IncidentView[]; next: string | null }>(`/incidents?${query}`)
export const getIncident = (id: string) => get<IncidentDetail>(`/incidents/${id}`)
export const getTimeline = (id: string) => get<{ entries: Entry[] }>(`/incidents/${id}/timeline`)
export const getCandidates = (id: string) => get<{ candidates: Candidate[] }>(`/incidents/${id}/candidates`)
export const actOnIncident = (id: string, action: string, body: unknown) =>
  post<IncidentView>(`/incidents/${id}/${action}`, body)
export const actOnAssignment = (id: string, action: string, reason?: string) =>
  post<IncidentView>(`/assignments/${id}/${action}`, reason ? { reason } : {})

export const listReports = (query: string) => get<{ reports: ReportView[]; next: string | null }>(`/reports?${query}`)
export const getReport = (id: string) => get<ReportView>(`/reports/${id}`)
export const getSimilar = (id: string) => get<{ similar: Similar[] }>(`/reports/${id}/similar`)
export const actOnReport = (id: string, action: string, body: unknown) => post<unknown>(`/reports/${id}/${action}`, body)
/** What was handed to the city hotline; one step of it: taken, done, refused, by-hand, send. */
export const listDiversions = (query: string) => get<{ diversions: Diverted[]; next: string | null }>(`/hotline/diversions?${query}`)
export const actOnDiversion = (id: string, step: string, body: unknown) => post<Diversion>(`/hotline/diversions/${id}/${step}`, body)
export const understand = (said: Said, signal: AbortSignal) => call<Understanding>('POST', '/understand', { body: said, signal })
export const handInReport = (key: string, report: NewReport) =>
  call<{ id: string }>('POST', '/reports',
    { body: report, headers: { 'Idempotency-Key': key }, signal: AbortSignal.timeout(HAND_IN_MS) })

export const setUnitStatus = (code: string, status: UnitStatus, reason?: string) =>
  post<void>(`/units/${code}/status`, { status, ...(reason && { reason }) })
/** The ground that a unit reaches in five, ten and fifteen minutes; how many free units reach each place in five. */
export const getReach = (code: string) => get<FeatureCollection>(`/units/${code}/reach?minutes=5,10,15`)
export const getCover = () => get<FeatureCollection>('/map/cover?minutes=5')
export const getIntervals = (hours: number) => get<Intervals>(`/intervals?hours=${hours}`)
export const readNotice = (id: string) => post<unknown>(`/notifications/${id}/read`)

export const findAnswers = (question: string, signal: AbortSignal) =>
  get<Found>(`/knowledge/search?most=5&q=${encodeURIComponent(question)}`, signal)
export const listQuestions = (retired: boolean) => get<{ entries: BaseEntry[] }>(`/knowledge/entries?retired=${retired}`)
export const getQuestion = (id: string) => get<BaseEntryDetail>(`/knowledge/entries/${id}`)
/** `version`: the one that the editor had before him; without it the question is a new one. */
export const saveQuestion = ({ id, ...said }: NewBaseEntry, version?: number) =>
  version === undefined ? post<BaseEntryDetail>('/knowledge/entries', { id, ...said })
    : call<BaseEntryDetail>('PUT', `/knowledge/entries/${id}`, { body: { ...said, version } })
export const retireQuestion = (id: string, version: number) => post<BaseEntryDetail>(`/knowledge/entries/${id}/retire`, { version })
export const listAsked = (states: AskedState[]) => get<{ asked: Asked[] }>(`/knowledge/asked?${states.map((s) => `state=${s}`).join('&')}`)
/** The question as it was asked, for the one who has claimed it; the look-up is journalled. */
export const openAsked = (id: string) => post<{ words: string }>(`/knowledge/asked/${id}/original`)
export const askPool = (words: string) => post<Asked>('/knowledge/asked', { words })
export const actOnAsked = (id: string, action: 'claim' | 'release' | 'answer' | 'adopt', body: unknown = {}) =>
  post<Asked>(`/knowledge/asked/${id}/${action}`, body)
export const listFraud = (state: string) => get<{ cases: FraudLine[] }>(`/antifraud/cases?state=${state}`)
/** Opening a case in full is on record. */
export const openFraud = (id: string) => get<FraudCase>(`/antifraud/cases/${id}`)
export const actOnFraud = (what: 'cases' | 'requests', id: string, action: string, body: unknown = {}) =>
  post<FraudCase>(`/antifraud/${what}/${id}/${action}`, body)
export const exportStops = () => post<{ batch: string; count: number }>('/antifraud/exports')
export const handInAnswers = (file: Blob) =>
  call<{ taken: number; repeated: number; late: number }>('POST', '/antifraud/answers', { file })

/** `image`, `audio`, `video`, or nothing when it cannot be read: the head of the answer is enough. */
export async function mediaKind(sha256: string): Promise<string> {
  const answer = await fetch(`/api/media/${sha256}`, { credentials: 'same-origin' }).catch(() => null)
  void answer?.body?.cancel()
  return answer?.ok ? (answer.headers.get('content-type')?.split('/')[0] ?? '') : ''
}
