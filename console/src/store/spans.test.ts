import { describe, expect, it } from 'vitest'
import { pieces } from './spans'

const marked = (typed: string, judged = typed, alarms = [] as [number, number][], words = [] as [number, number][]) =>
  pieces(typed, judged, alarms.map(([start, end]) => ({ start, end })), words.map(([start, end]) => ({ start, end }))).map((p) => `${p.mark}:${p.text}`)

describe('what is marked of the typed words', () => {
  it('is what the spans say, and the rest between', () => {
    expect(marked('有人打架', undefined, [], [[2, 4]])).toEqual([':有人', 'word:打架'])
  })
  it('counts an emoji as one character, as the server does', () => {
    expect(marked('😀😀着火了', undefined, [[2, 4]])).toEqual([':😀😀', 'alarm:着火', ':了'])
  })
  it('is an alarm where both speak', () => {
    expect(marked('拿刀砍人', undefined, [[0, 2]], [[1, 4]])).toEqual(['alarm:拿刀', 'word:砍人'])
  })
  it('stays while she types on, and goes where she changed it', () => {
    expect(marked('有人打架在门口', '有人打架', [], [[2, 4]])).toEqual([':有人', 'word:打架', ':在门口'])
    expect(marked('有人争吵', '有人打架', [], [[2, 4]])).toEqual([':有人争吵'])
  })
  it('is nothing in nothing', () => {
    expect(marked('')).toEqual([])
  })
})
