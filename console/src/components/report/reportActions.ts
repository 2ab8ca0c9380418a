/** What a person can do with a report that the platform could not settle by itself. */
import { actOnReport } from '../../api/calls'
import type { Position, ReportView } from '../../api/types'
import { ask, type Field } from '../../composables/useAsk'
import { t } from '../../i18n'
import { attempt } from '../../say'
import { categoryChoices, incidentChoices, levelChoices } from '../incident/actions'

export interface ReportAction { name: string; main?: boolean; shows: (r: ReportView) => boolean; fields?: (r: ReportView) => Field[]; position?: boolean }

const pending = (r: ReportView) => r.state === 'received' || r.state === 'answered'
export const REPORT_ACTIONS: ReportAction[] = [
  { name: 'answer', main: true, shows: (r) => r.state === 'received' },
  { name: 'describe', shows: pending, fields: (r) => [{ name: 'words', label: t('report.words'), kind: 'text', required: true, value: r.words ?? '' }] },
  { name: 'open', main: true, shows: pending, position: true, fields: (r) => [
    { name: 'category', label: t('field.category'), kind: 'choice', required: true, choices: categoryChoices(), value: r.category ?? '' },
    { name: 'level', label: t('field.level'), kind: 'choice', choices: levelChoices(), value: r.level ?? '' },
    { name: 'place', label: t('field.place'), kind: 'line' },
    { name: 'summary', label: t('field.summary'), kind: 'text', value: r.words?.slice(0, 200) ?? '' }] },
  { name: 'link', shows: pending, fields: () => [{ name: 'incident', label: t('field.incident'), kind: 'choice', required: true, choices: incidentChoices() }] },
  { name: 'settle', shows: pending, fields: () => [
    { name: 'as', label: t('field.as'), kind: 'choice', required: true, choices: ['enquiry', 'diverted', 'unfounded'].map((s) => ({ value: s, label: t(`state.${s}`) })) },
    { name: 'reason', label: t('field.reason'), kind: 'text', required: true }] },
]

/** `position`: what was chosen on the map; without it an incident is opened where the report says it is. */
export async function doOnReport(report: ReportView, action: ReportAction, position: Position | null): Promise<boolean> {
  const title = t(`report_action.${action.name}`)
  const values = action.fields ? await ask(title, title, action.fields(report)) : {}
  if (!values) return false
  const where = position ?? (report.lat !== null && report.lon !== null ? { lat: report.lat, lon: report.lon } : null)
  return attempt(() => actOnReport(report.id, action.name, { ...values, ...(action.position && where && { position: where }) }))
}
