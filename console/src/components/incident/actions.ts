/** What can be done with an incident and its assignments: for whom, in which state, and what must be said with it. */
import { actOnAssignment, actOnIncident } from '../../api/calls'
import { LEVELS, type AssignmentState, type IncidentState, type IncidentView } from '../../api/types'
import { ask, type Choice, type Field } from '../../composables/useAsk'
import { takeIncident, useLive } from '../../composables/useLive'
import { named, usePack } from '../../composables/usePack'
import { t } from '../../i18n'
import { attempt } from '../../say'
import { byUrgency } from '../../store/urgency'

const { categoryGroups, pack, categoryName } = usePack()
const { live } = useLive()

export const categoryChoices = (): Choice[] => categoryGroups.value.flatMap(({ head, below }) =>
  [head, ...below].map((c) => ({ value: c.code, label: named(c.name), group: named(head.name) })))
export const levelChoices = (): Choice[] => LEVELS.map((l) => ({ value: l, label: t(`level.${l}`) }))
export const incidentChoices = (except?: string): Choice[] => byUrgency(live.value.incidents.values(), Date.now())
  .filter((i) => i.id !== except)
  .map((i) => ({ value: i.id, label: `${i.number} · ${categoryName(i.category)} · ${i.place ?? ''}` }))
const SERVICES = ['hotline_12345', 'anti_fraud', 'fire_119', 'ambulance_120']
export const serviceChoices = (): Choice[] => SERVICES.map((s) => ({ value: s, label: t(`service.${s}`) }))
const CALL_BACKS = ['satisfied', 'dissatisfied', 'unreachable', 'not_wanted']

export interface IncidentAction { name: string; states: IncidentState[]; fields: (incident: IncidentView) => Field[]; main?: boolean; risky?: boolean }

const reason = (required = true): Field => ({ name: 'reason', label: t('field.reason'), kind: 'text', required })
export const INCIDENT_ACTIONS: IncidentAction[] = [
  { name: 'resolve', states: ['active'], main: true, fields: () => [
    { name: 'outcome', label: t('field.outcome'), kind: 'choice', required: true, choices: pack.value?.outcomes.map((o) => ({ value: o.code, label: named(o.name) })) ?? [] },
    { name: 'notes', label: t('field.notes'), kind: 'text', required: true }] },
  { name: 'close', states: ['resolved'], main: true, fields: () => [
    { name: 'call_back', label: t('field.call_back'), kind: 'choice', required: true, choices: CALL_BACKS.map((c) => ({ value: c, label: t(`call_back.${c}`) })) },
    { name: 'notes', label: t('field.notes'), kind: 'text' }] },
  { name: 'reopen', states: ['closed'], main: true, fields: () => [reason()] },
  { name: 'refused', states: ['diverted'], main: true, fields: () => [reason()] },
  { name: 'unmerge', states: ['merged'], main: true, fields: () => [reason()] },
  { name: 'amend', states: ['open', 'active', 'resolved'], fields: (i) => [
    { name: 'category', label: t('field.category'), kind: 'choice', choices: categoryChoices(), value: i.category },
    { name: 'level', label: t('field.level'), kind: 'choice', choices: levelChoices(), value: i.level },
    { name: 'place', label: t('field.place'), kind: 'line', value: i.place ?? '' },
    { name: 'units', label: t('field.units'), kind: 'line', value: String(i.units_needed) }] },
  { name: 'merge', states: ['open', 'active'], fields: (i) => [
    { name: 'into', label: t('field.into'), kind: 'choice', required: true, choices: incidentChoices(i.id) }] },
  { name: 'divert', states: ['open', 'active'], fields: () => [
    { name: 'to', label: t('field.to'), kind: 'choice', required: true, value: 'hotline_12345', choices: serviceChoices() }, reason(false)] },
]

export const ASSIGNMENT_ACTIONS: Partial<Record<AssignmentState, { name: string; reason?: boolean; main?: boolean }[]>> = {
  offered: [{ name: 'accept', main: true }, { name: 'decline', reason: true }],
  accepted: [{ name: 'en-route', main: true }, { name: 'release', reason: true }],
  en_route: [{ name: 'on-scene', main: true }, { name: 'release', reason: true }],
  on_scene: [{ name: 'clear', main: true }, { name: 'release', reason: true }],
}

/** Only what was changed goes out with an amendment; `units` is a number. */
export function changedOnly(incident: IncidentView, values: Record<string, string>): Record<string, unknown> {
  const before: Record<string, unknown> = { category: incident.category, level: incident.level, place: incident.place ?? '', units: String(incident.units_needed) }
  return Object.fromEntries(Object.entries(values).filter(([k, v]) => before[k] !== v).map(([k, v]) => [k, k === 'units' ? Number(v) : v]))
}

export async function doOnIncident(incident: IncidentView, action: IncidentAction): Promise<void> {
  const values = await ask(t(`action.${action.name}`), t(`action.${action.name}`), action.fields(incident))
  if (!values) return
  const body = action.name === 'amend' ? changedOnly(incident, values) : values
  if (Object.keys(body).length) await send(incident.id, action.name, body)
}

export const send = (id: string, action: string, body: unknown): Promise<boolean> =>
  attempt(async () => takeIncident(await actOnIncident(id, action, body)))

export async function doOnAssignment(id: string, action: { name: string; reason?: boolean }): Promise<boolean> {
  const values = action.reason ? await ask(t(`action.${action.name}`), t(`action.${action.name}`), [reason()]) : {}
  return values !== null && attempt(async () => takeIncident(await actOnAssignment(id, action.name, values.reason)))
}
