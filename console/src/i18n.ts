/** Words in Chinese and English: the console's own from `locale/`, the server's (reasons, journal …) fetched. */
import { computed } from 'vue'
import { createI18n } from 'vue-i18n'
import { getTexts } from './api/calls'
import type { Params } from './api/types'
import en from './locale/en.json'
import zh from './locale/zh.json'

export type Language = 'zh' | 'en'
const KEPT = 'jieying.language'

const stored = localStorage.getItem(KEPT)
const first: Language = stored === 'en' || stored === 'zh' ? stored : navigator.language.startsWith('en') ? 'en' : 'zh'

export const i18n = createI18n({
  legacy: false,
  locale: first as string,
  fallbackLocale: 'zh',
  missingWarn: false,
  fallbackWarn: false,
  messages: { zh, en } as Record<string, Record<string, string>>,
  // both catalogues are flat: `reason.nearest` is one key, not a path
  messageResolver: (messages, key) => (messages as Record<string, string>)[key] ?? null,
})

export const language = computed(() => i18n.global.locale.value as Language)

export async function setLanguage(to: Language): Promise<void> {
  localStorage.setItem(KEPT, to)
  document.documentElement.lang = to === 'zh' ? 'zh-CN' : 'en'
  await loadServerTexts(to)
  i18n.global.locale.value = to
}

const loaded = new Set<Language>()
export async function loadServerTexts(of: Language = language.value): Promise<void> {
  if (loaded.has(of)) return
  const texts = await getTexts(of).catch(() => null)
  if (!texts) return
  i18n.global.mergeLocaleMessage(of, texts)
  loaded.add(of)
}

export const t = (key: string, params: Params = {}): string => i18n.global.t(key, params)

const has = (key: string) => i18n.global.te(key) || i18n.global.te(key, 'zh')

/** The words of a key, or what stands in for them when no catalogue has it. */
export const wordsOf = (key: string, instead: string, params: Params = {}): string => (has(key) ? t(key, params) : instead)
