/** Keys that work anywhere on the page; a single letter only while nothing is being typed. */
import { onMounted, onUnmounted } from 'vue'

export function useHotkeys(keys: Record<string, () => void>): void {
  function pressed(event: KeyboardEvent) {
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const act = keys[name]
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (name.length === 1 && isTyping(event.target)) return
    event.preventDefault()
    act()
  }
  onMounted(() => window.addEventListener('keydown', pressed))
  onUnmounted(() => window.removeEventListener('keydown', pressed))
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
