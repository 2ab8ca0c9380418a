/** What the platform makes of the words while they are typed; the newest words win, nothing is stored. */
import { onUnmounted, ref, shallowRef, watch } from 'vue'
import { understand } from '../api/calls'
import { Problem } from '../api/http'
import type { Said, Understanding } from '../api/types'

const PAUSE_MS = 200

export function useUnderstanding(said: () => Said) {
  const understood = shallowRef<Understanding | null>(null)
  /** The words that were judged: she may have typed on. */
  const judged = ref('')
  const problem = ref('')
  const away = ref(false)
  let timer = 0
  let flight: AbortController | null = null

  async function read(): Promise<void> {
    flight?.abort()
    const mine = flight = new AbortController(), asked = said()
    try {
      const answer = await understand(asked, mine.signal)
      if (mine === flight) [understood.value, judged.value] = [answer, asked.words]
      away.value = false
      problem.value = ''
    } catch (error) {
      // the form works without: a person can choose everything
      if (mine.signal.aborted) return
      const refused = error instanceof Problem && error.status === 422
      problem.value = refused ? error.message : ''
      away.value = !refused && error instanceof Problem
    }
  }
  watch(() => JSON.stringify(said()), () => {
    window.clearTimeout(timer)
    problem.value = ''
    if (said().words.trim().length < 2) { understood.value = null; flight?.abort() }
    else timer = window.setTimeout(() => void read(), PAUSE_MS)
  }, { immediate: true })
  onUnmounted(() => { window.clearTimeout(timer); flight?.abort() })
  return { understood, judged, problem, away }
}
