/** The report being taken by phone: open or not, and its draft, which outlives a reload. */
import { ref, watch } from 'vue'
import { getReport } from '../api/calls'
import type { Answers, Level, NewReport, Position, Said } from '../api/types'
import { router, showIncident } from '../router'

export interface Draft {
  words: string; name: string; contact: string; position: Position | null; placeName: string
  category: string; level: Level | ''; answers: Answers
  /** The incident it belongs to, and its number; the entry of the knowledge base that answered it. */
  sameAs: { incident: string; number: string } | null; entry: string
  /** "None of these": no answers are shown for this report any more. */
  noAnswer: boolean
}
export const EMPTY_DRAFT: Draft = {
  words: '', name: '', contact: '', position: null, placeName: '', category: '', level: '', answers: {}, sameAs: null, entry: '', noAnswer: false,
}

const KEPT = 'jieying.draft'
const stored = (): Draft => {
  try { return { ...EMPTY_DRAFT, ...(JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Draft>) } } catch { return { ...EMPTY_DRAFT } }
}

const isOpen = ref(false)
const draft = ref<Draft>(stored())
watch(draft, (d) => localStorage.setItem(KEPT, JSON.stringify(d)), { deep: true })

export function openPhoneReport(): void {
  isOpen.value = true
  if (router.currentRoute.value.name !== 'situation') void router.push({ name: 'situation' })
}
export const usePhoneReport = () => ({ isOpen, draft })

/** Metres: a person chose the place. */
const CHOSEN_M = 10

/** What goes to the server: only what was said or chosen; what it understood itself it will understand again. */
export function toReport(d: Draft): NewReport {
  const name = d.name.trim(), contact = d.contact.trim()
  return {
    channel: 'phone', answered: true, words: d.words.trim(),
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
  words: d.words, ...(d.position && { at: d.position }), ...(Object.keys(d.answers).length && { answers: d.answers }),
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
