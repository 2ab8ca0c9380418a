/**
 * The base map: a quiet dark sheet from the city pack's own tiles. There is no `glyphs` address on purpose: without one
 * MapLibre draws every label, Latin and Chinese, with this computer's fonts, and asks no outside host for any.
 */
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl'

export const FONT = ['PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', 'sans-serif']

const MAJOR = ['motorway', 'motorway_link', 'trunk', 'trunk_link', 'expressway', 'primary', 'primary_link', 'ring']
const MIDDLE = ['secondary', 'secondary_link', 'tertiary', 'tertiary_link', 'arterial', 'collector']
const byClass = (major: unknown, middle: unknown, minor: unknown): ExpressionSpecification =>
  ['match', ['get', 'class'], MAJOR, major, MIDDLE, middle, minor] as ExpressionSpecification
const width = (z10: number, z13: number, z16: number, share = 1): ExpressionSpecification => ['interpolate', ['exponential', 1.5], ['zoom'],
  10, byClass(z10 * share, z10 * 0.6 * share, z10 * 0.3 * share),
  13, byClass(z13 * share, z13 * 0.7 * share, z13 * 0.35 * share),
  16, byClass(z16 * share, z16 * 0.75 * share, z16 * 0.55 * share)]

export function baseStyle(): StyleSpecification {
  return {
    version: 8,
    sources: {
      city: { type: 'vector', url: `pmtiles://${location.origin}/api/map/tiles.pmtiles` },
      areas: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
      areaNames: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': '#111c2b' } },
      { id: 'green', type: 'fill', source: 'city', 'source-layer': 'green', paint: { 'fill-color': '#15302c' } },
      { id: 'water', type: 'fill', source: 'city', 'source-layer': 'water', paint: { 'fill-color': '#0b2a47' } },
      { id: 'roads-case', type: 'line', source: 'city', 'source-layer': 'roads', minzoom: 12, layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': '#0b1420', 'line-width': width(1.6, 5, 15, 1.35) } },
      { id: 'roads', type: 'line', source: 'city', 'source-layer': 'roads', layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': byClass('#52678a', '#3d506c', '#2b3b52'), 'line-width': width(1.6, 5, 15) } },
      { id: 'areas-line', type: 'line', source: 'areas', paint: { 'line-color': '#7f9cc4', 'line-opacity': 0.55, 'line-dasharray': [3, 2],
        'line-width': ['interpolate', ['linear'], ['zoom'], 10, 0.8, 14, 1.6] } },
      { id: 'road-names', type: 'symbol', source: 'city', 'source-layer': 'roads', minzoom: 12.5,
        filter: ['step', ['zoom'], byClass(true, false, false), 14, byClass(true, true, false), 15, true] as never,
        layout: { 'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 13, 10.5, 17, 14], 'symbol-spacing': 320 },
        paint: { 'text-color': '#b9c7dc', 'text-halo-color': '#111c2b', 'text-halo-width': 1.4 } },
      { id: 'places', type: 'symbol', source: 'city', 'source-layer': 'places', minzoom: 15,
        layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 11, 'text-max-width': 8 },
        paint: { 'text-color': '#8ea4c2', 'text-halo-color': '#111c2b', 'text-halo-width': 1.2 } },
      { id: 'area-names', type: 'symbol', source: 'areaNames', minzoom: 10.4,
        layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': ['interpolate', ['linear'], ['zoom'], 10, 10, 15, 15], 'text-letter-spacing': 0.12, 'text-max-width': 9 },
        paint: { 'text-color': '#93acd0', 'text-halo-color': '#111c2b', 'text-halo-width': 1.4, 'text-opacity': 0.85 } },
    ],
  }
}
