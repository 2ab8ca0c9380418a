/** A random key; `crypto.randomUUID` exists only on https and localhost, a console may be on neither. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')
