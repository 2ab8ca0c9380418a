import { describe, expect, it } from 'vitest'
import { add, parse, pauseAfter, settled, tried } from './outbox'

const report = { channel: 'phone' as const, words: '救命' }

describe('the outbox', () => {
  it('keeps key and body of a report over a reload', () => expect(parse(JSON.stringify(add([], 'k', report)))).toEqual([{ key: 'k', report, tries: 0 }]))
  it('forgets only what was acknowledged', () => expect(settled(add(add([], 'a', report), 'b', report), 'a').map((p) => p.key)).toEqual(['b']))
  it('waits longer after each try, half a minute at most', () => {
    let list = add([], 'k', report)
    const pauses = [pauseAfter(list)]
    for (let n = 0; n < 8; n++) pauses.push(pauseAfter(list = tried(list, 'k')))
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30])
  })
  it.each(['', '{', 'null', '7', '[{"key":1}]'])('starts empty from what it cannot read: %s', (text) => expect(parse(text)).toEqual([]))
})
