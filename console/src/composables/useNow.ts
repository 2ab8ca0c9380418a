/** The city's time, ticking once a second for every clock on the screen at once. */
import { computed, ref, shallowRef } from 'vue'
import { cityTimeAt, type CityTime } from '../store/clocks'

const time = shallowRef<CityTime>({ server: Date.now(), real: Date.now(), speed: 1 })
const now = ref(Date.now())
setInterval(tick, 1000)

function tick(): void { now.value = cityTimeAt(time.value, Date.now()) }

export function setCityTime(server: string, speed = time.value.speed): void {
  const jumped = speed !== time.value.speed || Math.abs(cityTimeAt(time.value, Date.now()) - Date.parse(server)) > 1500
  time.value = { server: Date.parse(server), real: Date.now(), speed }
  if (jumped) tick()
}

export const useNow = () => ({ now, speed: computed(() => time.value.speed) })
