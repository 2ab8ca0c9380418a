/** The live connection: one WebSocket, reconnected with growing pauses and `since`, feeding the pure store. */
import { ref, shallowRef } from 'vue'
import type { Entry, IncidentView, LiveMessage, Notice } from '../api/types'
import { applyIncident, applyMessage, applyNotice, EMPTY, type Live } from '../store/live'
import { setCityTime, useNow } from './useNow'
import { sessionEnded } from './useSession'

const { now } = useNow()
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
const SILENCE_MS = 40_000 // the server says something every 15 s; after this the line is dead, whatever TCP says

const live = shallowRef<Live>(EMPTY)
const connection = ref<'connecting' | 'live' | 'reconnecting'>('connecting')
/** When the line was lost, in the city's time. */
const lostAt = ref<number | null>(null)
type Listener = (entries: Entry[]) => void
const listeners = new Set<Listener>()

let socket: WebSocket | null = null
let pause = FIRST_PAUSE_MS
let retry = 0
let watchdog = 0

function connect(): void {
  window.clearTimeout(retry)
  const since = live.value.position === null ? '' : `?since=${encodeURIComponent(live.value.position)}`
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const mine = socket = new WebSocket(`${scheme}://${location.host}/api/live${since}`)
  mine.onmessage = (event) => { if (mine === socket) receive(JSON.parse(String(event.data)) as LiveMessage) }
  mine.onclose = (event) => { if (mine === socket) lost(event.code) }
  listenForSilence()
}

function receive(message: LiveMessage): void {
  connection.value = 'live'
  lostAt.value = null
  pause = FIRST_PAUSE_MS
  listenForSilence()
  setCityTime(message.now, message.type === 'snapshot' ? message.speed : undefined)
  live.value = applyMessage(live.value, message)
  if (message.type === 'entries') listeners.forEach((tell) => tell(message.entries))
}

function lost(code: number): void {
  window.clearTimeout(watchdog)
  socket = null
  if (code === 4401) return sessionEnded()
  connection.value = live.value.position === null ? 'connecting' : 'reconnecting'
  lostAt.value ??= now.value
  retry = window.setTimeout(connect, pause * (0.75 + Math.random() / 2))
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
}

function listenForSilence(): void {
  window.clearTimeout(watchdog)
  watchdog = window.setTimeout(() => { socket?.close(); lost(1006) }, SILENCE_MS)
}

export function startLive(): void {
  live.value = EMPTY
  connection.value = 'connecting'
  connect()
  window.addEventListener('online', hurry)
}

export function stopLive(): void {
  window.removeEventListener('online', hurry)
  window.clearTimeout(retry)
  window.clearTimeout(watchdog)
  const old = socket
  socket = null
  old?.close()
}

function hurry(): void {
  pause = FIRST_PAUSE_MS
  if (connection.value !== 'live' && !socket) connect()
}

/** Told of each batch of new journal entries; gives back the way to stop listening. */
export function onEntries(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const takeIncident = (incident: IncidentView): void => { live.value = applyIncident(live.value, incident) }
export const takeNotice = (notice: Notice): void => { live.value = applyNotice(live.value, notice) }
export const useLive = () => ({ live, connection, lostAt })
