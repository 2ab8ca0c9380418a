/** One colour and one shape per level and status, the same in list, map and legend; never colour alone. */
import type { Level, UnitStatus } from './api/types'

export const LEVEL_COLOURS: Record<Level, { ground: string; text: string }> = {
  red: { ground: '#d92d20', text: '#ffffff' },
  orange: { ground: '#f98e1d', text: '#1c1005' },
  yellow: { ground: '#f7d046', text: '#1c1703' },
  blue: { ground: '#2f6fe4', text: '#ffffff' },
  white: { ground: '#e6ebf3', text: '#131a24' },
}

export const STATUS_COLOURS: Record<UnitStatus, string> = {
  available: '#3ddc84',
  offered: '#d0a2ff',
  committed: '#fbbf24',
  en_route: '#4cc3ff',
  on_scene: '#ff8fb8',
  unavailable: '#9aa8bb',
  off_duty: '#7d8ca1',
}

/** WCAG 2.2 contrast ratio of two `#rrggbb` colours, 1–21. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(colour.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
