/** The report being taken by phone: open or not, and its draft, which outlives a reload. */
import { ref, watch } from 'vue'
import { getReport } from '../api/calls'
import type { Answers, Description, Level, NewReport, Position, ReportView, Said } from '../api/types'
import { router, showIncident } from '../router'

export interface Draft {
  /** The report that rang and was answered; empty: a new one. */
  report: string
  /** Where the reporter's device says it is. */
  device: Position | null
  words: string; name: string; contact: string; position: Position | null; placeName: string
  category: string; level: Level | ''; answers: Answers
  /** The incident it belongs to, and its number; the entry of the knowledge base that answered it. */
  sameAs: { incident: string; number: string } | null; entry: string
  /** "None of these": no answers are shown for this report any more. */
  noAnswer: boolean
}
export const EMPTY_DRAFT: Draft = {
  report: '', device: null, words: '', name: '', contact: '', position: null, placeName: '', category: '', level: '', answers: {}, sameAs: null, entry: '', noAnswer: false,
}

/** Each report that rang has a draft of its own beside that of the new one. */
const keyOf = (report: string) => (report ? `jieying.draft.${report}` : 'jieying.draft')
const stored = (report: string): Draft => {
  try { return { ...EMPTY_DRAFT, report, ...(JSON.parse(localStorage.getItem(keyOf(report)) ?? '{}') as Partial<Draft>) } } catch { return { ...EMPTY_DRAFT, report } }
}

const isOpen = ref(false)
const draft = ref<Draft>(stored(''))
watch(draft, (d) => localStorage.setItem(keyOf(d.report), JSON.stringify(d)), { deep: true, flush: 'sync' })

/** Open the form for a new report, or for one that rang, with what is known of it. */
export function openPhoneReport(report?: ReportView): void {
  if (report && !localStorage.getItem(keyOf(report.id))) {
    const { words, reporter, lat, lon } = report
    draft.value = { ...EMPTY_DRAFT, report: report.id, words, name: reporter.name, contact: reporter.contact,
      device: lat !== null && lon !== null ? { lat, lon } : null }
  } else draft.value = stored(report?.id ?? '')
  isOpen.value = true
  if (router.currentRoute.value.name !== 'situation') void router.push({ name: 'situation' })
}
export const usePhoneReport = () => ({ isOpen, draft })

/** Metres: a person chose the place. */
const CHOSEN_M = 10

/** The draft is done with; the form for a new report comes next. */
export function clearDraft(): void {
  const { report } = draft.value
  draft.value = report ? stored('') : { ...EMPTY_DRAFT }
  if (report) localStorage.removeItem(keyOf(report))
}

/** What goes to the server: only what was said or chosen; what it understood itself it will understand again. */
export const toReport = (d: Draft): NewReport => ({ channel: 'phone', answered: true, ...toDescription(d) })

export function toDescription(d: Draft): Description {
  const name = d.name.trim(), contact = d.contact.trim()
  return {
    words: d.words.trim(),
    ...((name || contact) && { reporter: { ...(name && { name }), ...(contact && { contact }) } }),
    ...(d.position && { position: { ...d.position, accuracy_m: CHOSEN_M } }),
    ...(d.category && { category: d.category }),
    ...(d.level && { level: d.level }),
    ...(Object.keys(d.answers).length && { answers: d.answers }),
    ...(d.sameAs ? { same_as: d.sameAs.incident } : d.entry && { enquiry: d.entry }),
  }
}

/** What the platform is asked while she types. */
export const said = (d: Draft): Said => ({
  words: d.words, ...(d.device && { position: d.device }), ...(d.position && { at: d.position }), ...(Object.keys(d.answers).length && { answers: d.answers }),
})

/** Show the incident that the report became, unless the call-taker has gone on to something else meanwhile. */
export async function followReport(id: string): Promise<void> {
  const before = router.currentRoute.value.fullPath
  for (let n = 0; n < 6; n++) {
    await new Promise((resolve) => setTimeout(resolve, 400))
    const incident = (await getReport(id).catch(() => null))?.incident
    if (isOpen.value || router.currentRoute.value.fullPath !== before) return
    if (incident) return void showIncident(incident)
  }
}
