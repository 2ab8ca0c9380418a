/** The city's time, and what the clocks of an incident say at that time. Milliseconds since 1970 inside, seconds out. */
import type { ClockView, IncidentView } from '../api/types'

/** The server's time at one moment of ours; between messages its clock runs `speed` times as fast. */
export interface CityTime { server: number; real: number; speed: number }

export const cityTimeAt = (time: CityTime, real: number): number => time.server + (real - time.real) * time.speed

/** Seconds left, negative when overdue. */
export const secondsLeft = (clock: ClockView, now: number): number => Math.floor((Date.parse(clock.due_at) - now) / 1000)

/** Run out, whether or not the server has come round to say so. */
export const isOverdue = (clock: ClockView, now: number): boolean =>
  clock.state === 'breached' || (clock.state === 'running' && secondsLeft(clock, now) < 0)

/** The clock that matters now: the running one due first, overdue ones before all. */
export function nextClock(incident: IncidentView, now: number): ClockView | null {
  const pending = incident.clocks.filter((c) => c.state !== 'met' && !stageDone(incident, c.stage))
  pending.sort((a, b) => Number(isOverdue(b, now)) - Number(isOverdue(a, now)) || a.due_at.localeCompare(b.due_at))
  return pending[0] ?? null
}

/** A breached clock stays breached; once its stage has happened after all, it no longer presses. */
const stageField = {
  answer: 'answered_at', offer: 'offered_at', accept: 'accepted_at', arrive: 'on_scene_at', resolve: 'resolved_at',
} as const
function stageDone(incident: IncidentView, stage: string): boolean {
  const field = stageField[stage as keyof typeof stageField]
  return field !== undefined && incident[field] !== null
}

/** How long ago, never less than nothing: positions may be stamped a moment ahead of us. */
export const age = (since: string | null, now: number): string => since === null ? '–' : spell(Math.max(0, (now - Date.parse(since)) / 1000))

export function spell(seconds: number): string {
  const s = Math.abs(Math.trunc(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const text = s >= 3600
    ? `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`
    : `${two(Math.floor(s / 60))}:${two(s % 60)}`
  return seconds < 0 ? `+${text}` : text
}
