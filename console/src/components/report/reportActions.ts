/** What a person can do with a report that the platform could not settle by itself. */
import { actOnReport, getSimilar } from '../../api/calls'
import type { Position, ReportView } from '../../api/types'
import { ask, type Choice, type Field } from '../../composables/useAsk'
import { openPhoneReport } from '../../composables/usePhoneReport'
import { usePick } from '../../composables/usePick'
import { reasonWords } from '../../composables/useWords'
import { t } from '../../i18n'
import { router } from '../../router'
import { attempt } from '../../say'
import { categoryChoices, incidentChoices, levelChoices, serviceChoices } from '../incident/actions'

export interface ReportAction { name: string; main?: (r: ReportView) => boolean; shows: (r: ReportView) => boolean; fields?: (r: ReportView) => Field[] | Promise<Field[]>; position?: boolean; form?: boolean }

const pending = (r: ReportView) => r.state === 'received' || r.state === 'answered'
export const REPORT_ACTIONS: ReportAction[] = [
  { name: 'answer', main: () => true, shows: (r) => r.state === 'received' },
  { name: 'describe', shows: pending, form: true },
  { name: 'open', main: (r) => r.state === 'answered' && !r.proposal?.places.length, shows: pending, position: true, fields: (r) => [
    { name: 'category', label: t('field.category'), kind: 'choice', required: true, choices: categoryChoices(), value: r.category ?? '' },
    { name: 'level', label: t('field.level'), kind: 'choice', choices: levelChoices(), value: r.level ?? '' },
    { name: 'place', label: t('field.place'), kind: 'line' }] },
  { name: 'link', shows: pending, fields: async (r) => [{ name: 'incident', label: t('field.incident'), kind: 'choice', required: true, choices: await likelyFirst(r) }] },
  { name: 'divert', main: (r) => ['ours_hotline', 'hotline_refused'].includes(r.needs_person?.code ?? ''), shows: pending, fields: () => [
    { name: 'to', label: t('field.to'), kind: 'choice', required: true, value: 'hotline_12345', choices: serviceChoices() },
    { name: 'reason', label: t('field.reason'), kind: 'text' }] },
  { name: 'settle', shows: pending, fields: () => [
    { name: 'as', label: t('field.as'), kind: 'choice', required: true, choices: ['enquiry', 'unfounded'].map((s) => ({ value: s, label: t(`state.${s}`) })) },
    { name: 'reason', label: t('field.reason'), kind: 'text' }] },
]

/** Taken back in the incident's own list; it says what happens then. */
export const UNLINK: ReportAction = { name: 'unlink', shows: () => true, fields: () => [{ name: 'reason', label: t('field.reason_unlink'), kind: 'text', required: true }] }

/** Those that may be the same event stand first, each with its reasons. */
async function likelyFirst(report: ReportView): Promise<Choice[]> {
  const all = incidentChoices()
  const { similar } = await getSimilar(report.id).catch(() => ({ similar: [] }))
  const likely = similar.map((s) => ({
    value: s.incident, group: t('panel.similar'),
    label: [all.find((c) => c.value === s.incident)?.label ?? s.number, ...s.reasons.map((r) => reasonWords(r))].join(' · '),
  }))
  return [...likely, ...all.filter((c) => !similar.some((s) => s.incident === c.value)).map((c) => ({ ...c, group: likely.length ? t('field.other_incidents') : '' }))]
}

/** An incident needs a position: where the report says none, the map asks for it first. */
export async function doOnReport(report: ReportView, action: ReportAction): Promise<boolean> {
  if (action.form) { openPhoneReport(report); return false }
  const title = t(`report_action.${action.name}`)
  const position = action.position ? positionOf(report) ?? await fromMap(report.words || title) : null
  const values = action.fields ? await ask(title, title, await action.fields(report)) : {}
  const did = values !== null && await attempt(() => actOnReport(report.id, action.name, { ...values, ...(position && { position }) }))
  if (did && action.name === 'answer') openPhoneReport(report) // she speaks with the caller now
  return did
}
const positionOf = (r: ReportView): Position | null => (r.lat !== null && r.lon !== null ? { lat: r.lat, lon: r.lon } : null)

async function fromMap(words: string): Promise<Position> {
  await router.push({ name: 'situation' })
  return new Promise((resolve) => usePick().ask(resolve, words))
}
