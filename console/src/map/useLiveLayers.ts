/** Keeps the live layers in step with the store, and lets units glide between two positions. */
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { onUnmounted, watch, type Ref } from 'vue'
import { useLive } from '../composables/useLive'
import { named } from '../composables/usePack'
import { usePick } from '../composables/usePick'
import { language } from '../i18n'
import { glide, isMoving, speed, type Motion } from '../store/motion'
import { incidentFeatures, linkFeatures, spotFeatures, unitFeatures } from './features'

/** Between two drawings of the units, milliseconds: as often as the fastest moves far enough to be seen, within these. */
const SHORTEST_MS = 50, LONGEST_MS = 500
const STEP_PIXELS = 1.5
const MANY = 400 // units; to draw more of them takes longer than a short frame

export function useLiveLayers(map: MapLibre, selected: Ref<string | null>): void {
  const { live } = useLive()
  const { pin, spots } = usePick()
  const motions = new Map<string, Motion>()
  const stale = new Set(['incidents', 'units', 'links'])
  const source = (name: string) => map.getSource<GeoJSONSource>(name)

  const stops = [
    watch(() => live.value.units, (units) => {
      for (const u of units.values()) if (u.lat !== null && u.lon !== null) motions.set(u.code, glide(motions.get(u.code), u.lon, u.lat, performance.now()))
      stale.add('units').add('links')
    }, { immediate: true }),
    watch(() => live.value.incidents, () => { stale.add('incidents').add('links') }),
    watch(language, () => { stale.add('units') }),
    watch(selected, (id) => {
      map.setFilter('chosen', ['==', ['get', 'id'], id ?? ''])
      stale.add('links')
      frame()
    }),
    watch(spots, (found) => source('spots')?.setData(spotFeatures(found)), { immediate: true }),
    watch(pin, (p) => source('pin')?.setData({ type: 'FeatureCollection', features: p ? [
      { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [p.lon, p.lat] } }] : [] }), { immediate: true }),
  ]

  /** Draws what is stale; how long until the next drawing. */
  function draw(now: number): number {
    if (document.hidden) return LONGEST_MS
    if (stale.delete('incidents')) source('incidents')?.setData(incidentFeatures(live.value.incidents.values()))
    if (!stale.has('units') && !stale.has('links')) return LONGEST_MS / 2
    if (stale.delete('units')) source('units')?.setData(unitFeatures(live.value.units.values(), motions, now, (u) => named(u.name)))
    stale.delete('links')
    source('links')?.setData(linkFeatures(live.value.incidents.get(selected.value ?? ''), motions, now))
    const moving = [...motions.values()].filter((motion) => isMoving(motion, now))
    if (moving.length) stale.add('units').add('links')
    const pixels = Math.max(0, ...moving.map(speed)) * (512 * 2 ** map.getZoom()) / 360
    return Math.min(LONGEST_MS, Math.max(motions.size > MANY ? LONGEST_MS : SHORTEST_MS, STEP_PIXELS / pixels))
  }
  let timer = 0
  function frame(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(frame, draw(performance.now()))
  }
  map.setFilter('chosen', ['==', ['get', 'id'], selected.value ?? ''])
  frame()
  onUnmounted(() => {
    window.clearTimeout(timer)
    stops.forEach((stop) => stop())
  })
}
