/** Ground laid under the units: what one unit reaches, or how many free units reach each place. One at a time. */
import type { FeatureCollection } from 'geojson'
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import { onScopeDispose, ref, watch } from 'vue'
import { getCover, getReach } from '../api/calls'
import { fail } from '../say'

const EVERY_MS = 15_000 // units drive on
const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] }
export const COVER = '*'

/** What is laid: a unit's code, `COVER`, or nothing. */
const ground = ref<string | null>(null)
export const useGround = () => ({ ground, toggle: (what: string) => { ground.value = ground.value === what ? null : what } })

export function drawGround(map: MapLibre): void {
  async function draw(): Promise<void> {
    const asked = ground.value
    const found = asked === null ? NOTHING : await (asked === COVER ? getCover() : getReach(asked)).catch(refused)
    if (asked === ground.value) map.getSource<GeoJSONSource>('ground')?.setData(found)
  }
  function refused(problem: unknown): FeatureCollection {
    ground.value = null
    fail(problem)
    return NOTHING
  }
  const stop = watch(ground, draw, { immediate: true })
  const timer = window.setInterval(() => { if (ground.value !== null) void draw() }, EVERY_MS)
  onScopeDispose(() => { stop(); window.clearInterval(timer); ground.value = null })
}
