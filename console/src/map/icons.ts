/** The signs on the map, drawn once on a canvas: a shape for each level and status, so that colour is never alone. */
import { LEVELS, type Level, type UnitStatus } from '../api/types'
import { LEVEL_COLOURS, STATUS_COLOURS } from '../colours'

type Pen = (g: CanvasRenderingContext2D) => void
const polygon = (...points: [number, number][]): Pen => (g) => {
  g.beginPath()
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)))
  g.closePath()
}
const circle = (r: number): Pen => (g) => { g.beginPath(); g.arc(0, 0, r, 0, 2 * Math.PI) }
const ngon = (n: number, r: number, turn: number): Pen => polygon(...Array.from({ length: n }, (_, i) => {
  const a = (2 * Math.PI * i) / n + turn
  return [r * Math.cos(a), r * Math.sin(a)] as [number, number]
}))

/** On a field of ±16. */
const LEVEL_SHAPES: Record<Level, Pen> = {
  red: ngon(8, 14, Math.PI / 8),
  orange: ngon(3, 15, -Math.PI / 2),
  yellow: ngon(4, 13.5, 0),
  blue: polygon([-9.5, -9.5], [9.5, -9.5], [9.5, 9.5], [-9.5, 9.5]),
  white: circle(9),
}
const MARKS: Record<Level, string> = { red: '!', orange: '!', yellow: '', blue: '', white: '' }

const arrow = polygon([0, -11], [8, 9], [0, 5], [-8, 9])
const square = polygon([-7, -7], [7, -7], [7, 7], [-7, 7])
const small = polygon([-3.5, -3.5], [3.5, -3.5], [3.5, 3.5], [-3.5, 3.5])
const STATUS_SHAPES: Record<UnitStatus, { shape: Pen; filled: boolean; inner?: Pen }> = {
  available: { shape: circle(7), filled: true },
  offered: { shape: circle(7.5), filled: false, inner: circle(3) },
  committed: { shape: polygon([-8, 3], [-8, -3], [-3, -8], [3, -8], [8, -3], [8, 3], [3, 8], [-3, 8]), filled: false, inner: small },
  en_route: { shape: arrow, filled: true },
  on_scene: { shape: square, filled: true },
  unavailable: { shape: (g) => { g.beginPath(); g.moveTo(-6, -6); g.lineTo(6, 6); g.moveTo(6, -6); g.lineTo(-6, 6) }, filled: false },
  off_duty: { shape: circle(5), filled: false },
}

const FIELD = 40
function draw(pen: Pen, scale: number): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = FIELD * scale
  const g = canvas.getContext('2d', { willReadFrequently: true })!
  g.scale(scale, scale)
  g.translate(FIELD / 2, FIELD / 2)
  g.lineJoin = 'round'
  pen(g)
  return g.getImageData(0, 0, canvas.width, canvas.height)
}

const levelPen = (level: Level): Pen => (g) => {
  const { ground, text } = LEVEL_COLOURS[level]
  LEVEL_SHAPES[level](g)
  g.shadowColor = '#000a'; g.shadowBlur = 4
  g.fillStyle = ground; g.fill()
  g.shadowBlur = 0
  g.lineWidth = 2; g.strokeStyle = level === 'white' || level === 'yellow' ? '#1b2533' : '#ffffff'; g.stroke()
  g.fillStyle = text
  g.font = 'bold 15px sans-serif'; g.textAlign = 'center'; g.textBaseline = 'middle'
  g.fillText(MARKS[level], 0, level === 'orange' ? 2.5 : 1)
}
const statusPen = (status: UnitStatus): Pen => (g) => {
  const { shape, filled, inner } = STATUS_SHAPES[status]
  const colour = STATUS_COLOURS[status]
  shape(g)
  g.lineWidth = filled ? 3.5 : 5.5; g.strokeStyle = '#0a111c'; g.stroke()
  if (filled) { g.fillStyle = colour; g.fill() } else { g.lineWidth = 2.5; g.strokeStyle = colour; g.stroke() }
  if (inner) { inner(g); g.fillStyle = colour; g.fill() }
}

export const STATUSES = Object.keys(STATUS_SHAPES) as UnitStatus[]
export const ICON_SCALE = 2
export const icons = (): [string, ImageData][] => [
  ...LEVELS.map((l) => [`level-${l}`, draw(levelPen(l), ICON_SCALE)] as [string, ImageData]),
  ...STATUSES.map((s) => [`unit-${s}`, draw(statusPen(s), ICON_SCALE)] as [string, ImageData]),
]

/** The same signs for the legend. */
export function iconUrl(image: ImageData): string {
  const canvas = document.createElement('canvas')
  canvas.width = image.width; canvas.height = image.height
  canvas.getContext('2d')!.putImageData(image, 0, 0)
  return canvas.toDataURL()
}
