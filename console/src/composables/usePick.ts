/** Choosing a position on the map for a form: the form asks, the next click on the map answers. */
import { ref, shallowRef } from 'vue'
import type { Position } from '../api/types'

const picking = ref(false)
/** The position the open form holds, shown as a pin. */
const pin = shallowRef<Position | null>(null)
/** The places that the words may mean, numbered in this order. */
const spots = shallowRef<Position[]>([])
/** What the position is wanted for, in words. */
const about = ref('')
let answer: ((position: Position) => void) | null = null

function ask(take: (position: Position) => void, words = ''): void {
  about.value = words
  answer = take
  picking.value = true
}
function give(position: Position): void {
  answer?.(position)
  cancel()
}
function cancel(): void {
  answer = null
  picking.value = false
}
export const usePick = () => ({ picking, pin, spots, about, ask, give, cancel })
