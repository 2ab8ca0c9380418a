/**
 * The keys that accept suggestions without leaving the text: hold Alt and press the key that is printed on the
 * suggestion. Letters that browsers use with Alt (D, E, F; in Firefox B, H, S, T, V too) and Alt with ← → are left alone;
 * the place of the key counts, not what a layout or an input method makes of it.
 */
import { onMounted, onUnmounted } from 'vue'

export const KEYS = {
  place: ['1', '2', '3', '4'], category: ['7', '8', '9'], answer: ['U', 'I', 'O', 'P'], same: ['J', 'K'], knowledge: ['A', 'Q', 'W'],
  level: 'L', urgent: '↑', calm: '↓', none: 'X',
} as const

const codeOf = (key: string): string => ({ '↑': 'ArrowUp', '↓': 'ArrowDown' })[key] ?? (/\d/.test(key) ? `Digit${key}` : `Key${key}`)

/** What each key does now, by the key as it is printed; F1 shows them all. */
export function useSuggestionKeys(acts: () => Record<string, (() => void) | undefined>, help: () => void): void {
  function pressed(event: KeyboardEvent) {
    if (event.key === 'F1') { event.preventDefault(); help(); return }
    if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing || event.getModifierState('AltGraph')) return
    const found = Object.entries(acts()).find(([key]) => codeOf(key) === event.code)
    if (!found) return
    event.preventDefault()
    found[1]?.()
  }
  onMounted(() => window.addEventListener('keydown', pressed))
  onUnmounted(() => window.removeEventListener('keydown', pressed))
}
