import { describe, expect, it } from 'vitest'
import { at, glide, GLIDE_MS, isMoving } from './motion'

describe('a moving unit', () => {
  it('glides from where it is seen to where it was reported', () => {
    const m = glide(glide(undefined, 114, 30, 0), 114.001, 30, 1000)
    expect(at(m, 1000)).toEqual([114, 30])
    expect(at(m, 1000 + GLIDE_MS / 2)[0]).toBeCloseTo(114.0005)
    expect(at(m, 9999)).toEqual([114.001, 30])
  })
  it('goes on from the middle of its way when the next report comes early', () => {
    const first = glide(glide(undefined, 114, 30, 0), 114.001, 30, 0)
    expect(at(glide(first, 114.002, 30, GLIDE_MS / 2), GLIDE_MS / 2)[0]).toBeCloseTo(114.0005)
  })
  it('is set down at once where a correction puts it kilometres away', () => expect(at(glide(glide(undefined, 114, 30, 0), 114.5, 30, 10), 10)).toEqual([114.5, 30]))
  it('points where it goes', () => expect(glide(glide(undefined, 114, 30, 0), 114.001, 30, 10).bearing).toBeCloseTo(90))
  it('stands still once it has arrived', () => {
    const m = glide(glide(undefined, 114, 30, 0), 114.001, 30, 0)
    expect([isMoving(m, 10), isMoving(m, GLIDE_MS + 1)]).toEqual([true, false])
  })
})
