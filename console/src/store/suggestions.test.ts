import { describe, expect, it } from 'vitest'
import type { Question, Understanding } from '../api/types'
import { askedFirst, nextLevel, percent, proposedCategories } from './suggestions'

const understood = (category: string | null, others: [string, number][]) =>
  ({ category, others: others.map(([code, confidence]) => ({ category: code, confidence })) }) as Understanding

describe('the categories on offer', () => {
  it('are the one understood and the next two', () => {
    const found = proposedCategories(understood('a', [['a', 0.7], ['b', 0.2], ['c', 0.05], ['d', 0.01]]))
    expect(found.map((one) => one.category)).toEqual(['a', 'b', 'c'])
  })
  it('begin with what an answer made of it', () => {
    expect(proposedCategories(understood('z', [['a', 0.7], ['b', 0.2]])).map((one) => one.category)).toEqual(['z', 'a', 'b'])
  })
  it('are none where nothing was understood', () => {
    expect(proposedCategories(understood(null, [['a', 0.1]]))).toEqual([])
    expect(proposedCategories(null)).toEqual([])
  })
})

it('gives the keys of answers to the first question that has any', () => {
  const question = (code: string, answers: number) => ({ code, answers: Array(answers).fill({}) }) as unknown as Question
  expect(askedFirst([question('where', 0), question('weapon', 3), question('injured', 2)])?.code).toBe('weapon')
  expect(askedFirst([question('where', 0)])).toBeUndefined()
})

it('moves the level one step and stops at the ends', () => {
  expect([nextLevel('blue', -1), nextLevel('blue', 1), nextLevel('red', -1), nextLevel('white', 1)]).toEqual(['yellow', 'white', 'red', 'white'])
})

it('says of a small chance that it is small, not that there is none', () => {
  expect([percent(0.004), percent(0), percent(0.126)]).toEqual(['<1 %', '0 %', '13 %'])
})
