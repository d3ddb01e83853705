import { Refusal } from '../dsl/definition.ts'
import type { CronParams } from './cron-params.ts'

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

interface TimeField {
  readonly name: 'minute' | 'hour' | 'day' | 'month' | 'weekday'
  readonly from: number
  readonly to: number
  readonly words: readonly string[]
}
const fields: readonly TimeField[] = [
  { name: 'minute', from: 0, to: 59, words: [] },
  { name: 'hour', from: 0, to: 23, words: [] },
  { name: 'day', from: 1, to: 31, words: [] },
  { name: 'month', from: 1, to: 12, words: months },
  { name: 'weekday', from: 0, to: 7, words: days },
]

function isTime(text: string, field: TimeField): boolean {
  return text.split(',').every((part) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
    if (step !== undefined && Number(step) === 0) return false
    if (range === '*') return true
    const [from, to, ...more] = range.split('-').map((value) => numberOf(value, field))
    if (from === undefined || more.length > 0) return false
    return range.includes('-') ? to !== undefined && from <= to : true
  })
}

function numberOf(value: string, { from, to, words }: TimeField): number | undefined {
  const word = words.indexOf(value.toLowerCase())
  const number = word >= 0 ? word + (from === 1 ? 1 : 0) : /^\d+$/.test(value) ? Number(value) : Number.NaN
  return number >= from && number <= to ? number : undefined
}

/**
 * The line of an entry.
 * @throws Refusal where cron would not take it.
 */
export function cronEntry(params: CronParams, user: string | undefined): string {
  const { name, job = '', specialTime, disabled } = params
  for (const field of fields) {
    const text = String(params[field.name] ?? '*')
    if (!isTime(text, field))
      throw new Refusal(
        `${field.name} of '${name}' is ${JSON.stringify(text)}, which cron does not take`,
        `Give numbers from ${field.from} to ${field.to}${field.words.length > 0 ? ` or names as ${field.words[1]}` : ''}, ranges, lists and steps: '*', '*/5', '1-5', '0,30'.`,
      )
  }
  const given = fields.filter(({ name }) => params[name] !== undefined)
  if (specialTime !== undefined && given.length > 0)
    throw new Refusal(`'${name}' has both specialTime and ${given[0]!.name}`, 'Give one of the two: specialTime is the whole time.')
  const when = specialTime === undefined ? fields.map(({ name }) => params[name] ?? '*').join(' ') : `@${specialTime}`
  return `${disabled ? '#' : ''}${[when, ...(user === undefined ? [] : [user]), job].join(' ')}`
}

const mark = (name: string) => `#Rollcall: ${name}`
const isMark = (line: string | undefined) => line?.startsWith('#Rollcall: ') ?? false
/** Cron takes a variable's name in quotes as well. */
const isVariable = (name: string) => {
  const start = new RegExp(`^\\s*(["']?)${name}\\1\\s*=`)
  return (line: string) => start.test(line)
}

/** Lines with the entry of a name as given; without one, removed. Its mark is the line above it. */
export function withEntry(lines: readonly string[], name: string, entry: string | undefined): readonly string[] {
  const at = lines.indexOf(mark(name))
  const added = entry === undefined ? [] : [mark(name), entry]
  if (at < 0) return [...lines, ...added]
  const end = at + 1 < lines.length && !isMark(lines[at + 1]) ? at + 2 : at + 1
  return [...lines.slice(0, at), ...added, ...lines.slice(end)]
}

/** Lines with a variable as given; a new one goes to the top, since it counts for the entries below it. */
export function withVariable(lines: readonly string[], name: string, value: string | undefined): readonly string[] {
  const isThis = isVariable(name)
  const at = lines.findIndex(isThis)
  const added = value === undefined ? [] : [`${name}="${value}"`]
  return at < 0 ? [...added, ...lines] : [...lines.slice(0, at), ...added, ...lines.slice(at + 1).filter((line) => !isThis(line))]
}

/** What a crontab holds of ours, and its variables. */
export function contentsOf(text: string): { readonly jobs: readonly string[]; readonly envs: readonly string[] } {
  const lines = text.split('\n')
  return {
    jobs: lines.filter(isMark).map((line) => line.slice('#Rollcall: '.length)),
    envs: lines.flatMap((line) => /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1] ?? []),
  }
}
