/** What is offered of an understanding, in the order of its keys. Pure. */
import { LEVELS, type Level, type Question, type Understanding } from '../api/types'

export interface ProposedCategory { category: string; confidence: number }

/** The category as understood (after answers), then the next best; three at most. */
export function proposedCategories(u: Understanding | null): ProposedCategory[] {
  if (!u?.category) return []
  const others = u.others.filter((o) => o.category !== u.category)
  const first = u.others.find((o) => o.category === u.category) ?? { category: u.category, confidence: 1 }
  return [first, ...others].slice(0, 3)
}

/** The question whose answers have the keys: the first that can be answered by choosing. */
export const askedFirst = (questions: Question[]): Question | undefined => questions.find((q) => q.answers.length)

/** One level more urgent (−1) or calmer (+1). */
export const nextLevel = (level: Level, step: -1 | 1): Level => LEVELS[Math.min(LEVELS.length - 1, Math.max(0, LEVELS.indexOf(level) + step))] ?? level

export const percent = (share: number): string => (share > 0 && share < 0.01 ? '<1 %' : `${Math.round(share * 100)} %`)
