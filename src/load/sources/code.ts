import { Secret } from '../../util/secret.ts'

/** The line width of what is written. */
const width = 120

/** Code that stands for a secret. */
export type SecretCode = (secret: Secret) => string

/** A value as TypeScript: on one line where it fits, else a line for each part. */
export function codeOf(value: unknown, secretCode: SecretCode, indent = 0): string {
  const line = inline(value, secretCode)
  if (line.length + indent <= width || typeof value !== 'object' || value === null || value instanceof Secret) return line
  const pad = ' '.repeat(indent + 2)
  const parts = Array.isArray(value)
    ? value.map((item) => codeOf(item, secretCode, indent + 2))
    : Object.entries(value).map(([name, each]) => `${keyCode(name)}: ${codeOf(each, secretCode, indent + 2)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${parts.map((part) => `${pad}${part},\n`).join('')}${' '.repeat(indent)}${close}`
}

function inline(value: unknown, secretCode: SecretCode): string {
  if (value instanceof Secret) return secretCode(value)
  if (typeof value === 'string') return textCode(value)
  if (typeof value === 'number') return numberCode(value)
  if (Array.isArray(value)) return `[${value.map((item) => inline(item, secretCode)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(([name, each]) => `${keyCode(name)}: ${inline(each, secretCode)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

function numberCode(value: number): string {
  if (Number.isNaN(value)) return 'Number.NaN'
  return Number.isFinite(value) ? String(value) : `Number.${value > 0 ? 'POSITIVE' : 'NEGATIVE'}_INFINITY`
}

/** In single quotes, unless double ones save a backslash. */
export function textCode(text: string): string {
  const double = JSON.stringify(text).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`)
  if (text.includes("'")) return double
  return `'${double.slice(1, -1).replaceAll('\\"', '"')}'`
}

export function keyCode(name: string): string {
  if (name === '__proto__') return `['__proto__']`
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : textCode(name)
}
