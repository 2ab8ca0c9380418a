/** What the platform makes of the words while they are typed; the newest words win, nothing is stored. */
import { onUnmounted, ref, shallowRef, watch } from 'vue'
import { understand } from '../api/calls'
import { Problem } from '../api/http'
import type { Position, Understanding } from '../api/types'

const PAUSE_MS = 250

export function useUnderstanding(words: () => string, position: () => Position | null) {
  const understood = shallowRef<Understanding | null>(null)
  const away = ref(false)
  let timer = 0
  let flight: AbortController | null = null

  async function read(): Promise<void> {
    flight?.abort()
    const mine = flight = new AbortController()
    try {
      const answer = await understand(words(), position(), mine.signal)
      if (mine === flight) understood.value = answer
      away.value = false
    } catch (error) {
      // the form works without: a person can choose everything
      if (!mine.signal.aborted) away.value = error instanceof Problem
    }
  }
  watch([words, position], () => {
    window.clearTimeout(timer)
    if (words().trim().length < 2) understood.value = null
    else timer = window.setTimeout(() => void read(), PAUSE_MS)
  }, { immediate: true })
  onUnmounted(() => { window.clearTimeout(timer); flight?.abort() })
  return { understood, away }
}
