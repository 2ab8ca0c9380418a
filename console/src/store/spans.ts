/**
 * Which parts of the typed words decided. Spans count code points of the words that were judged; she may have typed on
 * since: only what lies in the part that is still the same is marked. Pure.
 */
export interface Span { start: number; end: number }
export type Mark = 'alarm' | 'word' | ''
export interface Piece { text: string; mark: Mark }

export function pieces(typed: string, judged: string, alarms: Span[], words: Span[]): Piece[] {
  const chars = Array.from(typed)
  const same = commonLength(chars, Array.from(judged))
  const marks: Mark[] = chars.map(() => '')
  for (const [spans, mark] of [[words, 'word'], [alarms, 'alarm']] as [Span[], Mark][])
    for (const { start, end } of spans) if (end <= same) marks.fill(mark, start, end)
  const found: Piece[] = []
  chars.forEach((char, i) => {
    const last = found[found.length - 1]
    if (last && last.mark === marks[i]) last.text += char
    else found.push({ text: char, mark: marks[i] ?? '' })
  })
  return found
}

function commonLength(a: string[], b: string[]): number {
  let n = 0
  while (n < a.length && n < b.length && a[n] === b[n]) n++
  return n
}
