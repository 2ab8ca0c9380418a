/** Short messages to the user; a refusal is shown in the server's own words. */
import { ElMessage } from 'element-plus'
import { Problem } from './api/http'
import { t } from './i18n'

export function fail(error: unknown): void {
  if (error instanceof Problem && error.status === 401) return // the log-in page says it
  const message = error instanceof Problem
    ? error.message
    : t('error.unexpected', { what: String(error) })
  ElMessage({ type: 'error', message, duration: 6000, showClose: true, grouping: true })
}
export const done = (message: string): void => { ElMessage({ type: 'success', message, duration: 3000 }) }

/** Into the clipboard; a console on plain http has no clipboard of its own and takes the old way. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const box = Object.assign(document.createElement('textarea'), { value: text })
    document.body.append(box)
    box.select()
    document.execCommand('copy')
    box.remove()
  }
  done(t('done.copied'))
}

/** Run it; a refusal is said, and true comes back only when it went through. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    fail(error)
    return false
  }
}
