/** Times as the city's clocks show them, whatever the time zone of this computer. */
import { computed } from 'vue'
import { language } from '../i18n'
import { usePack } from './usePack'

const { pack } = usePack()
const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en-GB'))
const format = (options: Intl.DateTimeFormatOptions) =>
  computed(() => new Intl.DateTimeFormat(locale.value, { timeZone: pack.value?.timezone, ...options }))
const clockFormat = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const dateFormat = format({ month: 'short', day: 'numeric', weekday: 'short' })
const fullFormat = format({ month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const localFormat = computed(() => new Intl.DateTimeFormat('en-CA', { timeZone: pack.value?.timezone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }))
const offsetFormat = computed(() => new Intl.DateTimeFormat('en-US', { timeZone: pack.value?.timezone, timeZoneName: 'longOffset' }))

type Moment = string | number | null
const shown = (f: Intl.DateTimeFormat, m: Moment) => (m === null ? '–' : f.format(typeof m === 'string' ? Date.parse(m) : m))

/** What a field for date and time shows of a moment: 2026-11-22T11:50, as the city's clocks do. */
const local = (m: string): string => {
  const part = Object.fromEntries(localFormat.value.formatToParts(Date.parse(m)).map((p) => [p.type, p.value]))
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`
}
/** And back: the same with the city's offset. */
const moment = (shownAs: string): string => {
  const offset = offsetFormat.value.formatToParts(Date.parse(`${shownAs}Z`)).find((p) => p.type === 'timeZoneName')?.value.slice(3)
  return shownAs + (offset || '+00:00')
}

export const useTimes = () => ({
  local, moment,
  clock: (m: Moment) => shown(clockFormat.value, m),
  date: (m: Moment) => shown(dateFormat.value, m),
  full: (m: Moment) => shown(fullFormat.value, m),
})
