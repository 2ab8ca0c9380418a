/** Keeps the live layers in step with the store: at most twice a second, gliding units in between. */
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { onUnmounted, watch, type Ref } from 'vue'
import { useLive } from '../composables/useLive'
import { named } from '../composables/usePack'
import { usePick } from '../composables/usePick'
import { language } from '../i18n'
import { glide, isMoving, type Motion } from '../store/motion'
import { incidentFeatures, linkFeatures, unitFeatures } from './features'

const FRAME_MS = 500

export function useLiveLayers(map: MapLibre, selected: Ref<string | null>): void {
  const { live } = useLive()
  const { pin } = usePick()
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
    watch(pin, (p) => source('pin')?.setData({ type: 'FeatureCollection', features: p ? [
      { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [p.lon, p.lat] } }] : [] }), { immediate: true }),
  ]

  function frame(): void {
    if (document.hidden) return
    const now = performance.now()
    if (stale.delete('incidents')) source('incidents')?.setData(incidentFeatures(live.value.incidents.values()))
    if (!stale.has('units') && !stale.has('links')) return
    if (stale.delete('units')) source('units')?.setData(unitFeatures(live.value.units.values(), motions, now, (u) => named(u.name)))
    stale.delete('links')
    source('links')?.setData(linkFeatures(live.value.incidents.get(selected.value ?? ''), motions, now))
    for (const motion of motions.values()) if (isMoving(motion, now)) { stale.add('units').add('links'); break }
  }
  map.setFilter('chosen', ['==', ['get', 'id'], selected.value ?? ''])
  frame()
  const timer = window.setInterval(frame, FRAME_MS)
  onUnmounted(() => {
    window.clearInterval(timer)
    stops.forEach((stop) => stop())
  })
}
