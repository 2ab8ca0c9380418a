import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from './en.json'
import zh from './zh.json'

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => /\.(vue|ts)$/.test(f) && !f.includes('.test.')).map((f) => ({ name: f, text: readFileSync(join('src', f), 'utf8') }))

describe('the words of the console', () => {
  it('are there in both languages', () => expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort()))
  it.each(Object.keys(zh) as (keyof typeof zh)[])('%s has the same placeholders in both', (key) => expect(placeholders(en[key])).toEqual(placeholders(zh[key])))
  it('exist for every key that a source names', () => {
    const named = sources.flatMap(({ name, text }) => [...text.matchAll(/\bt\('([\w.-]+)'/g)].map((m) => [name, m[1]!] as const))
    expect(named.filter(([, key]) => !(key in zh))).toEqual([])
  })
  it.each(sources)('are not written into $name', ({ name, text }) => {
    // comments may; and each language is named in itself
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|<!--[\s\S]*?-->/gm, '')
    if (!name.endsWith('LanguageSwitch.vue')) expect(code.match(/[\u4e00-\u9fff]+/g)?.filter((w) => !['、'].includes(w)) ?? []).toEqual([])
  })
})
