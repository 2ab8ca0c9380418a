/** One way to talk to the server: JSON in, JSON out, and every refusal a `Problem` in the reader's language. */

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title)
  }

  /** The server never said anything: nobody knows whether it was done. */
  get lost(): boolean {
    return this.status === 0 || this.status >= 502
  }
}

interface Hooks { language: () => string; signedOut: () => void; lostWords: () => string }
let hooks: Hooks = { language: () => 'zh', signedOut: () => undefined, lostWords: () => 'connection lost' }
export function setHooks(given: Hooks): void { hooks = given }

interface Options { body?: unknown; file?: Blob; headers?: Record<string, string>; signal?: AbortSignal; quiet401?: boolean }

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { 'Accept-Language': hooks.language(), ...options.headers }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  let answer: Response
  try {
    answer = await fetch(`/api${path}`, {
      method, headers, credentials: 'same-origin', signal: options.signal ?? null,
      body: options.file ?? (options.body === undefined ? null : JSON.stringify(options.body)),
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new Problem(0, 'connection_lost', hooks.lostWords(), '')
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T
  if (answer.status === 401 && !options.quiet401) hooks.signedOut()
  throw await readProblem(answer)
}

async function readProblem(answer: Response): Promise<Problem> {
  const said = await answer.json().catch(() => ({})) as Record<string, string>
  return new Problem(answer.status, said.code ?? '', said.title ?? `HTTP ${answer.status}`, said.detail ?? '')
}
