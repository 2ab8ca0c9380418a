/**
 * Reports handed in but not yet acknowledged, kept over a reload. Each keeps its idempotency key and its body, so that
 * a retry after a lost answer stores nothing twice. Pure: the list goes in, the next list comes out.
 */
import type { NewReport } from '../api/types'

export interface Pending { key: string; report: NewReport; tries: number }

export const add = (list: Pending[], key: string, report: NewReport): Pending[] => [...list, { key, report, tries: 0 }]
export const settled = (list: Pending[], key: string): Pending[] => list.filter((p) => p.key !== key)
export const tried = (list: Pending[], key: string): Pending[] =>
  list.map((p) => (p.key === key ? { ...p, tries: p.tries + 1 } : p))

/** Seconds to wait before the next try of the whole list. */
export const pauseAfter = (list: Pending[]): number => Math.min(30, 2 ** Math.min(5, Math.max(0, ...list.map((p) => p.tries))))

export function parse(text: string | null): Pending[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(list) ? list.filter((p): p is Pending => typeof p?.key === 'string' && typeof p?.report === 'object') : []
  } catch {
    return []
  }
}
