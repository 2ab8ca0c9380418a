/** Units jump once a second; the eye wants them to glide. Pure: from where, to where, when. */
export interface Motion { from: [number, number]; to: [number, number]; start: number; bearing: number }

export const GLIDE_MS = 1100
const JUMP_DEGREES = 0.02 // about 2 km in one step is no drive but a correction: set it down at once

export function glide(known: Motion | undefined, lon: number, lat: number, now: number): Motion {
  const to: [number, number] = [lon, lat]
  if (!known) return { from: to, to, start: now, bearing: 0 }
  if (known.to[0] === lon && known.to[1] === lat) return known
  const from = at(known, now)
  const far = Math.hypot(lon - from[0], lat - from[1]) > JUMP_DEGREES
  const bearing = Math.atan2((lon - from[0]) * Math.cos((lat * Math.PI) / 180), lat - from[1]) * (180 / Math.PI)
  return { from: far ? to : from, to, start: now, bearing }
}

export function at(motion: Motion, now: number): [number, number] {
  const share = Math.min(1, Math.max(0, (now - motion.start) / GLIDE_MS))
  return [
    motion.from[0] + (motion.to[0] - motion.from[0]) * share,
    motion.from[1] + (motion.to[1] - motion.from[1]) * share,
  ]
}

/** Degrees a millisecond. */
export const speed = ({ from, to }: Motion): number => Math.hypot(to[0] - from[0], to[1] - from[1]) / GLIDE_MS

export const isMoving = (motion: Motion, now: number): boolean => now - motion.start < GLIDE_MS && motion.from !== motion.to
