/**
 * What the console knows of the running city, and how a live message changes it. Pure: (state, message) → state.
 * Messages may come twice or overlap with an answer we already have: a view never goes back to an older version.
 */
import type { IncidentView, LiveMessage, LivePart, Notice, ReportView, UnitView } from '../api/types'

export interface Live {
  /** Where in the journal we are; `since` of the next connection. Null: we have nothing yet. */
  position: string | null
  incidents: ReadonlyMap<string, IncidentView>
  units: ReadonlyMap<string, UnitView>
  reports: ReadonlyMap<string, ReportView>
  notices: ReadonlyMap<string, Notice>
}

export const EMPTY: Live = {
  position: null, incidents: new Map(), units: new Map(), reports: new Map(), notices: new Map(),
}

const RUNNING = new Set(['open', 'active', 'resolved'])
export const isRunning = (incident: IncidentView): boolean => RUNNING.has(incident.state)
export const needsPerson = (report: ReportView): boolean => report.needs_person !== null

export function applyMessage(live: Live, message: LiveMessage): Live {
  switch (message.type) {
    case 'snapshot': return applyPart({ ...EMPTY }, message)
    case 'entries': return applyPart(live, message)
    case 'positions': return { ...live, units: move(live.units, message.units) }
    default: return live
  }
}

function applyPart(live: Live, part: LivePart): Live {
  return {
    position: String(part.position),
    incidents: part.incidents.reduce(withIncident, live.incidents),
    units: replace(live.units, part.units.map((u) => newer(live.units.get(u.code), u)), (u) => u.code, () => true),
    reports: replace(live.reports, part.reports.filter((r) => r.version >= (live.reports.get(r.id)?.version ?? 0)), (r) => r.id, needsPerson),
    notices: replace(live.notices, part.notifications ?? [], (n) => n.id, () => true),
  }
}

/** Take in one incident view, from the feed or from the answer to an action; those that are over leave. */
function withIncident(all: ReadonlyMap<string, IncidentView>, incident: IncidentView): ReadonlyMap<string, IncidentView> {
  const known = all.get(incident.id)
  if (known && known.version > incident.version) return all
  return replace(all, [incident], (i) => i.id, isRunning)
}

export const applyIncident = (live: Live, incident: IncidentView): Live =>
  ({ ...live, incidents: withIncident(live.incidents, incident) })

export const applyNotice = (live: Live, notice: Notice): Live =>
  ({ ...live, notices: new Map(live.notices).set(notice.id, notice) })

function replace<T>(all: ReadonlyMap<string, T>, views: T[], key: (view: T) => string, stays: (view: T) => boolean): ReadonlyMap<string, T> {
  if (!views.length) return all
  const next = new Map(all)
  for (const view of views) {
    if (stays(view)) next.set(key(view), view)
    else next.delete(key(view))
  }
  return next
}

/** Status by version, position by time: the two travel on different ways. */
function newer(known: UnitView | undefined, come: UnitView): UnitView {
  if (!known) return come
  const view = known.version > come.version ? known : come
  const place = (known.position_at ?? '') > (come.position_at ?? '') ? known : come
  return { ...view, lat: place.lat, lon: place.lon, position_at: place.position_at }
}

function move(units: ReadonlyMap<string, UnitView>, moved: { code: string; lat: number; lon: number; at: string }[]): ReadonlyMap<string, UnitView> {
  const next = new Map(units)
  for (const { code, lat, lon, at } of moved) {
    const unit = next.get(code)
    if (unit && (unit.position_at ?? '') <= at) next.set(code, { ...unit, lat, lon, position_at: at })
  }
  return next
}
