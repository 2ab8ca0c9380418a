/** Hands reports in and, while the connection is away, keeps them and goes on trying. */
import { computed, ref } from 'vue'
import { handInReport } from '../api/calls'
import { Problem } from '../api/http'
import type { NewReport } from '../api/types'
import { t } from '../i18n'
import { done } from '../say'
import { add, parse, pauseAfter, settled, tried, type Pending } from '../store/outbox'
import { newKey } from './newKey'

const KEPT = 'jieying.outbox'
const list = ref<Pending[]>(parse(localStorage.getItem(KEPT)))
let timer = 0
let sending = false

function keep(next: Pending[]): void {
  list.value = next
  localStorage.setItem(KEPT, JSON.stringify(next))
}

/** The report's id once acknowledged, null while it waits here. A refusal is thrown as a `Problem` and leaves the outbox. */
export async function handIn(report: NewReport): Promise<string | null> {
  const key = newKey()
  keep(add(list.value, key, report))
  return await send(key, report)
}

async function send(key: string, report: NewReport): Promise<string | null> {
  try {
    const { id } = await handInReport(key, report)
    keep(settled(list.value, key))
    return id
  } catch (error) {
    // signed out or server away: nobody has judged the report itself, so it stays
    if (!(error instanceof Problem) || error.lost || error.status === 401 || error.status === 429 || error.status === 500) {
      keep(tried(list.value, key))
      schedule()
      return null
    }
    keep(settled(list.value, key))
    throw error
  }
}

async function retryAll(): Promise<void> {
  if (sending) return
  sending = true
  for (const { key, report } of [...list.value]) {
    try {
      if ((await send(key, report)) === null) break
      done(t('outbox.sent'))
    } catch (error) {
      refused.value = { report, words: error instanceof Error ? error.message : String(error) }
    }
  }
  sending = false
}

function schedule(): void {
  window.clearTimeout(timer)
  timer = window.setTimeout(() => void retryAll(), pauseAfter(list.value) * 1000)
}

/** A kept report that the server refused later: the form shows it again. */
export const refused = ref<{ report: NewReport; words: string } | null>(null)

let started = false
export function startOutbox(): void {
  if (!started) window.addEventListener('online', () => void retryAll())
  started = true
  if (list.value.length) void retryAll()
}

export const useOutbox = () => ({ waiting: computed(() => list.value.length), refused })
