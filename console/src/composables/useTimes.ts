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

type Moment = string | number | null
const shown = (f: Intl.DateTimeFormat, m: Moment) => (m === null ? '–' : f.format(typeof m === 'string' ? Date.parse(m) : m))

export const useTimes = () => ({
  clock: (m: Moment) => shown(clockFormat.value, m),
  date: (m: Moment) => shown(dateFormat.value, m),
  full: (m: Moment) => shown(fullFormat.value, m),
})
