/** The live layers over the base map, and the signs they use. */
import type { ExpressionSpecification, Map as MapLibre } from 'maplibre-gl'
import { FONT } from './style'
import { ICON_SCALE, icons } from './icons'

/** Units that are free step back behind those at work. */
const QUIET: ExpressionSpecification = ['in', ['get', 'icon'], ['literal', ['unit-available', 'unit-unavailable']]]
/** Minutes that a unit needs, or free units that are there in time: the same three steps from good to poor. */
export const GROUND_STEPS = ['#3ddc84', '#fbbf24', '#ff4d40'] as const
const GROUND: ExpressionSpecification = ['case', ['has', 'minutes'],
  ['step', ['get', 'minutes'], GROUND_STEPS[0], 6, GROUND_STEPS[1], 11, GROUND_STEPS[2]],
  ['step', ['get', 'units'], GROUND_STEPS[2], 1, GROUND_STEPS[1], 2, GROUND_STEPS[0]]]
const EMPTY = { type: 'FeatureCollection' as const, features: [] }

export function addLiveLayers(map: MapLibre): void {
  for (const [name, image] of icons()) map.addImage(name, image, { pixelRatio: ICON_SCALE })
  map.addSource('ground', { type: 'geojson', data: EMPTY })
  map.addLayer({ id: 'ground-laid', type: 'fill', source: 'ground', paint: { 'fill-color': GROUND, 'fill-opacity': 0.28 } }, 'road-names')
  for (const name of ['links', 'units', 'incidents', 'pin', 'spots']) map.addSource(name, { type: 'geojson', data: EMPTY })
  map.addLayer({ id: 'links', type: 'line', source: 'links', layout: { 'line-cap': 'round' },
    paint: { 'line-color': '#4cc3ff', 'line-width': 2.5, 'line-opacity': 0.9, 'line-dasharray': [1, 2] } })
  map.addLayer({ id: 'unmet', type: 'circle', source: 'incidents', filter: ['get', 'unmet'],
    paint: { 'circle-radius': 24, 'circle-color': '#ff4d40', 'circle-opacity': 0.22, 'circle-stroke-width': 1.5, 'circle-stroke-color': '#ff6b60', 'circle-stroke-opacity': 0.8 } })
  map.addLayer({ id: 'chosen', type: 'circle', source: 'incidents', filter: ['==', ['get', 'id'], ''],
    paint: { 'circle-radius': 22, 'circle-color': '#5aa2ff', 'circle-opacity': 0.25, 'circle-stroke-width': 2.5, 'circle-stroke-color': '#9ac7ff' } })
  map.addLayer({ id: 'units', type: 'symbol', source: 'units',
    layout: { 'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-rotate': ['get', 'bearing'], 'icon-rotation-alignment': 'map',
      'symbol-sort-key': ['case', QUIET, 0, 1],
      'icon-size': ['interpolate', ['linear'], ['zoom'], 10, ['case', QUIET, 0.45, 0.75], 14, ['case', QUIET, 0.85, 1]] },
    paint: { 'icon-opacity': ['case', QUIET, 0.8, 1] } })
  map.addLayer({ id: 'unit-names', type: 'symbol', source: 'units', minzoom: 14.2,
    layout: { 'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 11, 'text-offset': [0, 1.2], 'text-anchor': 'top' },
    paint: { 'text-color': '#dbe7f7', 'text-halo-color': '#0a111c', 'text-halo-width': 1.4 } })
  map.addLayer({ id: 'incidents', type: 'symbol', source: 'incidents',
    layout: { 'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'symbol-sort-key': ['get', 'order'],
      'icon-size': ['interpolate', ['linear'], ['zoom'], 10, 0.75, 14, 1] },
    paint: { 'icon-opacity': ['case', ['get', 'done'], 0.45, 1] } })
  map.addLayer({ id: 'spots', type: 'circle', source: 'spots',
    paint: { 'circle-radius': 12, 'circle-color': '#7c3aed', 'circle-stroke-width': 2, 'circle-stroke-color': '#ffffff' } })
  map.addLayer({ id: 'spot-numbers', type: 'symbol', source: 'spots',
    layout: { 'text-field': ['get', 'number'], 'text-font': FONT, 'text-size': 14, 'text-allow-overlap': true, 'text-ignore-placement': true },
    paint: { 'text-color': '#ffffff' } })
  map.addLayer({ id: 'pin', type: 'circle', source: 'pin',
    paint: { 'circle-radius': 16, 'circle-opacity': 0, 'circle-stroke-width': 5, 'circle-stroke-color': '#3b82f6' } })
}
