/** Which incident a dispatcher should look at first, and which ones a filter leaves. Pure. */
import { LEVELS, type IncidentState, type IncidentView, type Level } from '../api/types'
import { isOverdue, nextClock } from './clocks'

/** Level first, then those whose clock has run out, then the oldest; the resolved ones after all that still run. */
export function byUrgency(incidents: Iterable<IncidentView>, now: number): IncidentView[] {
  const rank = (i: IncidentView): [number, number, number, string] => {
    const clock = nextClock(i, now)
    return [Number(i.state === 'resolved'), LEVELS.indexOf(i.level), clock && isOverdue(clock, now) ? 0 : 1, i.received_at ?? i.opened_at ?? '']
  }
  return [...incidents]
    .map((incident) => ({ incident, rank: rank(incident) }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2]
      || a.rank[3].localeCompare(b.rank[3]) || a.incident.id.localeCompare(b.incident.id))
    .map((x) => x.incident)
}

export interface Filter { levels: Level[]; states: IncidentState[]; org: string; words: string }
export const NO_FILTER: Filter = { levels: [], states: [], org: '', words: '' }

/** An org takes in all below it: its path is a prefix of theirs. An empty choice lets everything pass. */
export function passes(filter: Filter, orgPath: string | undefined): (incident: IncidentView) => boolean {
  const words = filter.words.trim().toLowerCase()
  return (i) =>
    (!filter.levels.length || filter.levels.includes(i.level))
    && (!filter.states.length || filter.states.includes(i.state))
    && (!orgPath || (i.org_path ?? '').startsWith(orgPath))
    && (!words || `${i.number} ${i.summary ?? ''} ${i.place ?? ''}`.toLowerCase().includes(words))
}
