/** The classes and scopes of the knowledge base, in the order in which they are shown. */
import type { NewBaseEntry, BaseEntry } from '../../api/types'

export const CLASSES = ['household', 'exit_entry', 'traffic', 'order', 'fraud', 'licence', 'service'] as const
export const SCOPES = ['national', 'province', 'city'] as const

const inAYear = (now: number) => new Date(now + 365 * 86_400_000).toISOString().slice(0, 10)
export const emptyQuestion = (now: number, known: Partial<NewBaseEntry> = {}): NewBaseEntry => ({
  id: '', class: 'service', question: '', wordings: [], answer: '', source: '', scope: 'city', valid_until: inAYear(now), ...known,
})
export const editable = (q: BaseEntry): NewBaseEntry => ({
  id: q.id, class: q.class as NewBaseEntry['class'], question: q.question, wordings: [...q.wordings], answer: q.answer,
  source: q.source, scope: q.scope as NewBaseEntry['scope'], valid_until: q.valid_until,
})
