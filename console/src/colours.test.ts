import { describe, expect, it } from 'vitest'
import { contrast, LEVEL_COLOURS, STATUS_COLOURS } from './colours'

const PANEL = '#101a29', GROUND = '#111c2b'

describe('colours', () => {
  it.each(Object.entries(LEVEL_COLOURS))('words on %s can be read (WCAG AA 4.5)', (_, { ground, text }) => expect(contrast(ground, text)).toBeGreaterThanOrEqual(4.5))
  it.each(Object.entries(STATUS_COLOURS))('the sign for %s stands out from the map (WCAG 3)', (_, colour) => expect(contrast(colour, GROUND)).toBeGreaterThanOrEqual(3))
  it.each(['#e8eef7', '#a9b8cc', '#8496ae', '#ff8177', '#5aa2ff'])('text in %s can be read on a panel', (colour) => expect(contrast(colour, PANEL)).toBeGreaterThanOrEqual(4.5))
  it('has white on black at 21', () => expect(contrast('#ffffff', '#000000')).toBeCloseTo(21))
})
