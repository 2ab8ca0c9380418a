/** The city pack's names, read once after log-in: organisations, categories, outcomes, bounds. */
import { computed, shallowRef } from 'vue'
import { getPack } from '../api/calls'
import type { Category, Name, Org, Pack } from '../api/types'
import { language } from '../i18n'
import { setCityTime } from './useNow'

const pack = shallowRef<Pack | null>(null)
const orgs = computed(() => new Map(pack.value?.orgs.map((o) => [o.code, o]) ?? []))
const categories = computed(() => new Map(pack.value?.categories.map((c) => [c.code, c]) ?? []))
const questions = computed(() => new Map(pack.value?.questions.map((q) => [q.code, q]) ?? []))
const outcomes = computed(() => new Map(pack.value?.outcomes.map((o) => [o.code, o]) ?? []))

export async function loadPack(): Promise<void> {
  pack.value = await getPack()
  setCityTime(pack.value.now, pack.value.speed)
}

/** A name in the reader's language; what has no English name keeps its Chinese one. */
export const named = (name: Name | string | null | undefined): string =>
  typeof name === 'string' ? name : (name && (language.value === 'en' ? name.en || name.zh : name.zh || name.en)) || ''

export function usePack() {
  const orgName = (code: string | null) => named(code ? orgs.value.get(code)?.name : null) || code || ''
  const categoryName = (code: string | null) => named(code ? categories.value.get(code)?.name : null) || code || ''
  const outcomeName = (code: string | null) => named(code ? outcomes.value.get(code)?.name : null) || code || ''
  /** A key question and one of its answers: `weapon.0`. */
  const answerName = (code: string) => {
    const [question, index] = code.split('.')
    const asked = questions.value.get(question ?? '')
    return asked ? `${named(asked.ask)} ${named(asked.answers[Number(index)])}` : code
  }
  /** The list's two levels: heads with what may be chosen below them. */
  const categoryGroups = computed<{ head: Category; below: Category[] }[]>(() => {
    const all = pack.value?.categories ?? []
    return all.filter((c) => !c.parent).map((head) => ({ head, below: all.filter((c) => c.parent === head.code) }))
  })
  const orgList = computed<Org[]>(() => pack.value?.orgs ?? [])
  return { pack, questions, answerName, orgs, orgList, categories, categoryGroups, orgName, categoryName, outcomeName }
}
