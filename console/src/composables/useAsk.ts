/** One dialogue for every action that needs a word from the user first: ask, wait, go on with the answers. */
import { shallowRef } from 'vue'

export interface Choice { value: string; label: string; group?: string }
export interface Field {
  name: string; label: string; kind: 'line' | 'text' | 'choice'
  choices?: Choice[]; value?: string; required?: boolean
}
export interface Question { title: string; fields: Field[]; submit: string; answer: (values: Record<string, string> | null) => void }

const question = shallowRef<Question | null>(null)

/** The answers by field name, the empty ones left out; null when the user thought better of it. */
export const ask = (title: string, submit: string, fields: Field[]): Promise<Record<string, string> | null> =>
  new Promise((resolve) => {
    question.value?.answer(null)
    question.value = { title, fields, submit, answer: (values) => { question.value = null; resolve(values) } }
  })

export const useAsk = () => ({ question })
