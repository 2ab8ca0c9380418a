/** The report being taken by phone: open or not, and its draft, which outlives a reload. */
import { ref, watch } from 'vue'
import type { Level, Position } from '../api/types'
import { router } from '../router'

export interface Draft {
  words: string; name: string; contact: string; position: Position | null; placeName: string
  category: string; level: Level | ''
}
export const EMPTY_DRAFT: Draft = { words: '', name: '', contact: '', position: null, placeName: '', category: '', level: '' }

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
