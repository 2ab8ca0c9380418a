/** One incident with all that belongs to it, read again whenever the live feed says that it changed. */
import { computed, onUnmounted, ref, shallowRef, watch } from 'vue'
import { getCandidates, getIncident, getTimeline } from '../api/calls'
import { Problem } from '../api/http'
import type { Candidate, Entry, IncidentDetail, IncidentView } from '../api/types'
import { may } from './useSession'
import { onEntries, takeIncident, useLive } from './useLive'

const SETTLE_MS = 250 // several entries of one change become one reading

export function useIncident(id: string) {
  const { live } = useLive()
  const detail = shallowRef<IncidentDetail | null>(null)
  const timeline = shallowRef<Entry[]>([])
  const candidates = shallowRef<Candidate[]>([])
  const problem = ref('')
  let timer = 0

  /** The newest we have seen of it, from the feed or from reading it. */
  const incident = computed<IncidentView | null>(() => {
    const [fed, read] = [live.value.incidents.get(id), detail.value]
    return fed && (!read || fed.version > read.version) ? fed : read
  })

  async function load(): Promise<void> {
    try {
      detail.value = await getIncident(id)
      problem.value = ''
      takeIncident(detail.value)
      const open = detail.value.state === 'open' || detail.value.state === 'active'
      const [entries, ranked] = await Promise.all([
        may('journal.read') ? getTimeline(id) : { entries: [] }, open && may('incident.manage') ? getCandidates(id) : { candidates: [] }])
      timeline.value = entries.entries
      candidates.value = ranked.candidates
    } catch (error) {
      problem.value = error instanceof Problem ? error.message : String(error)
    }
  }
  function soon(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void load(), SETTLE_MS)
  }
  const stop = onEntries((entries) => {
    const ours = new Set([id, ...(incident.value?.assignments.map((a) => a.id) ?? []), ...(detail.value?.reports.map((r) => r.id) ?? [])])
    if (entries.some((e) => ours.has(e.subject) || e.data.incident === id)) soon()
  })
  // A report that somebody linked elsewhere is not ours yet when the feed tells of it.
  watch(() => incident.value?.reports_count, (count) => { if (detail.value && count !== detail.value.reports.length) soon() })
  onUnmounted(() => { stop(); window.clearTimeout(timer) })
  void load()
  return { incident, detail, timeline, candidates, problem, load, soon }
}
