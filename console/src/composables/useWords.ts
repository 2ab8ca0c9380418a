/** Reasons, journal entries and notifications in words: the codes among their data become names. */
import type { Entry, Notice, Params, Reason } from '../api/types'
import { language, t, wordsOf } from '../i18n'
import { useLive } from './useLive'
import { named, usePack } from './usePack'
import { useTimes } from './useTimes'

const { live } = useLive()
const { orgName, categoryName, outcomeName, answerName } = usePack()
const { full } = useTimes()

const catalogued = (prefix: string) => (code: string) => wordsOf(`${prefix}.${code}`, code)
const state = catalogued('state')
const skill = catalogued('skill')
export const unitName = (code: string): string => named(live.value.units.get(code)?.name) || code
const incidentNumber = (id: string) => live.value.incidents.get(id)?.number ?? id
const NAMES: Record<string, (code: string) => string> = {
  level: catalogued('level'), was_level: catalogued('level'), stage: catalogued('stage'), channel: catalogued('channel'), role: catalogued('role'),
  held: skill, missing: skill, state, from: state, to: state, status: state, as: state, call_back: catalogued('call_back'),
  reason: catalogued('end_reason'), stop_state: catalogued('stop_state'), refusal: catalogued('refusal'), close_reason: catalogued('close_reason'),
  made_by: catalogued('made_by'), fields: catalogued('stop_field'), checked: catalogued('stop_field'), answer: answerName,
  category: categoryName, org: orgName, outcome: outcomeName, unit: unitName, incident: incidentNumber, into: incidentNumber, preempts: incidentNumber,
}
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

function shown(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((v) => shown(key, v)).join(language.value === 'zh' ? '、' : ', ')
  if (typeof value === 'number') return Number.isInteger(value) ? value : Math.abs(value) >= 10 ? Math.round(value) : Number(value.toFixed(2))
  if (typeof value !== 'string') return value ?? ''
  return MOMENT.test(value) ? full(value) : (NAMES[key]?.(value) ?? value)
}
const named_ = (params: Params): Params => Object.fromEntries(Object.entries(params).map(([k, v]) => [k, shown(k, v)]))

export const reasonWords = (reason: Reason): string => wordsOf(`reason.${reason.code}`, reason.code, named_(reason.params))
export const entryWords = (entry: Entry): string => wordsOf(`journal.${entry.kind}`, entry.kind, named_(entry.data))
/** Who did it: an account by its name, the platform itself, a unit. */
export function actorName(actor: string): string {
  const [kind, name] = actor.split(/:(.*)/s)
  return kind === 'unit' && name ? unitName(name) : name || wordsOf(`actor.${actor}`, actor)
}
export const noticeWords = (n: Notice): string => {
  const params = named_({ number: n.number ?? t('nav.reports'), ...n.params })
  return wordsOf(`notification.${n.kind}`, wordsOf(`journal.${n.kind}`, n.kind, params), params)
}
