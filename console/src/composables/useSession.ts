/** Who is signed in. A session that ends shows the log-in over the page one was on, and goes on there. */
import { ref, shallowRef } from 'vue'
import * as api from '../api/calls'
import type { Account, Permission } from '../api/types'

const account = shallowRef<Account | null>(null)
const known = ref(false)
const ended = ref(false)

export function useSession() {
  async function resume(): Promise<void> {
    account.value = await api.whoAmI().catch(() => null)
    known.value = true
  }
  async function signIn(username: string, password: string): Promise<void> {
    account.value = (await api.signIn(username, password)).account
    ended.value = false
  }
  async function signOut(): Promise<void> {
    await api.signOut().catch(() => undefined)
    account.value = null
  }
  return { account, known, ended, resume, signIn, signOut, may, sessionEnded }
}

export function sessionEnded(): void {
  ended.value = account.value !== null
  account.value = null
}

export const may = (permission: Permission): boolean => account.value?.permissions.includes(permission) ?? false
