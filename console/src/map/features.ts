/** What the map draws, made from what the console knows. Pure. */
import type { Feature, FeatureCollection, LineString, Point, Position as Coordinates } from 'geojson'
import { LEVELS, type IncidentView, type Position, type UnitView } from '../api/types'
import { at, type Motion } from '../store/motion'

const collection = <G extends Point | LineString>(features: Feature<G>[]): FeatureCollection<G> => ({ type: 'FeatureCollection', features })
const point = (coordinates: Coordinates, properties: Record<string, unknown>): Feature<Point> =>
  ({ type: 'Feature', geometry: { type: 'Point', coordinates }, properties })

export const incidentFeatures = (incidents: Iterable<IncidentView>): FeatureCollection<Point> =>
  collection([...incidents].flatMap((i) => (i.lat === null || i.lon === null ? [] : [point([i.lon, i.lat], {
    id: i.id, number: i.number, icon: `level-${i.level}`, order: LEVELS.length - LEVELS.indexOf(i.level),
    unmet: i.state === 'open' && i.level === 'red', done: i.state === 'resolved',
  })])))

export function unitFeatures(units: Iterable<UnitView>, motions: ReadonlyMap<string, Motion>, now: number, label: (u: UnitView) => string): FeatureCollection<Point> {
  const features: Feature<Point>[] = []
  for (const unit of units) {
    const motion = motions.get(unit.code)
    if (!motion || unit.status === 'off_duty') continue
    features.push(point(at(motion, now), {
      code: unit.code, incident: unit.incident, icon: `unit-${unit.status}`, label: label(unit),
      bearing: unit.status === 'en_route' ? motion.bearing : 0,
    }))
  }
  return collection(features)
}

/** The places that the words may mean, numbered as in the form. */
export const spotFeatures = (spots: Position[]): FeatureCollection<Point> =>
  collection(spots.map((s, i) => point([s.lon, s.lat], { number: String(i + 1) })))

const BUSY = new Set(['offered', 'accepted', 'en_route', 'on_scene'])
/** From the chosen incident to each unit that has it in hand or was just asked. */
export function linkFeatures(incident: IncidentView | undefined, motions: ReadonlyMap<string, Motion>, now: number): FeatureCollection<LineString> {
  if (!incident || incident.lat === null || incident.lon === null) return collection<LineString>([])
  const to: Coordinates = [incident.lon, incident.lat]
  return collection(incident.assignments.filter((a) => BUSY.has(a.state)).flatMap((a) => {
    const motion = motions.get(a.unit)
    return motion ? [{ type: 'Feature' as const, geometry: { type: 'LineString' as const, coordinates: [at(motion, now), to] }, properties: { state: a.state } }] : []
  }))
}

/** One point per area to write its name at: the middle of its largest ring's box. */
export function areaNames(areas: FeatureCollection, name: (p: Record<string, unknown>) => string): FeatureCollection<Point> {
  return collection(areas.features.flatMap((f) => {
    const rings = f.geometry.type === 'Polygon' ? [f.geometry.coordinates[0]] : f.geometry.type === 'MultiPolygon' ? f.geometry.coordinates.map((p) => p[0]) : []
    const boxes = rings.filter((r): r is Coordinates[] => !!r?.length).map(box).sort((a, b) => b.size - a.size)
    return boxes[0] ? [point(boxes[0].middle, { name: name(f.properties ?? {}) })] : []
  }))
}
function box(ring: Coordinates[]): { middle: [number, number]; size: number } {
  const xs = ring.map((c) => c[0] ?? 0), ys = ring.map((c) => c[1] ?? 0)
  const [w, e, s, n] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  return { middle: [(w + e) / 2, (s + n) / 2], size: (e - w) * (n - s) }
}
