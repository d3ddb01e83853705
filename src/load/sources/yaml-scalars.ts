import { printsOtherwise } from './python-literal.ts'

/** A scalar of YAML 1.1, which Ansible reads: `yes` is true, `0644` is 420, `1:30` is 90. */
export interface PlainScalar {
  readonly value: string | number | boolean | null
  /** A number that Python writes otherwise than JavaScript, or that JavaScript cannot hold. */
  readonly odd?: boolean
}

const truth = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const untruth = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const nothing = /^(?:~|null|Null|NULL|)$/
const float =
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const whole = /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const day = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/
const moment =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?$/

/**
 * What PyYAML makes of a scalar without quotes and tag. Dates become the text that Ansible prints of them.
 * @throws SyntaxError for what PyYAML refuses.
 */
export function plainScalar(text: string): PlainScalar {
  if (nothing.test(text)) return { value: null }
  if (truth.test(text)) return { value: true }
  if (untruth.test(text)) return { value: false }
  if (whole.test(text)) return wholeOf(text)
  if (float.test(text)) return floatOf(text)
  if (day.test(text) || moment.test(text)) return { value: dateOf(text) }
  if (text === '=' || text === '<<') throw new SyntaxError(`a lone ${text} has a meaning of its own in YAML: quote it`)
  return { value: text }
}

export function wholeOf(text: string): PlainScalar {
  const bare = text.replaceAll('_', '')
  const negative = bare.startsWith('-')
  const digits = bare.replace(/^[-+]/, '')
  let value: bigint
  if (digits.includes(':')) value = digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
  else if (/^0b/.test(digits)) value = bigOf(digits)
  else if (/^0x/.test(digits)) value = bigOf(digits)
  else if (digits !== '0' && digits.startsWith('0')) value = bigOf(`0o${digits}`)
  else value = bigOf(digits)
  if (negative) value = -value
  const number = Number(value)
  return Number.isSafeInteger(number) ? { value: number } : { value: value.toString(), odd: true }
}

function bigOf(digits: string): bigint {
  try {
    return BigInt(digits)
  } catch {
    throw new SyntaxError(`'${digits}' is no number, though it begins like one: quote it`)
  }
}

export function floatOf(text: string): PlainScalar {
  const bare = text.replaceAll('_', '').toLowerCase()
  const sign = bare.startsWith('-') ? -1 : 1
  const digits = bare.replace(/^[-+]/, '')
  const value =
    digits === '.inf'
      ? sign * Number.POSITIVE_INFINITY
      : digits === '.nan'
        ? Number.NaN
        : sign * (digits.includes(':') ? digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) : Number(digits))
  if (Number.isNaN(value) && digits !== '.nan') throw new SyntaxError(`'${text}' is no number, though it looks like one: quote it`)
  return { value, ...(printsOtherwise(value) && { odd: true }) }
}

/** As Python's `isoformat()`, which refuses days that there are not. */
function dateOf(text: string): string {
  const parts = day.exec(text) ?? moment.exec(text)!
  const [, year, month, date, hour, minute, second, fraction, zone, sign, hours, minutes] = parts
  const real = new Date(Date.UTC(2000, 0, 1))
  real.setUTCFullYear(Number(year), Number(month) - 1, Number(date))
  if (real.getUTCMonth() !== Number(month) - 1 || real.getUTCDate() !== Number(date) || Number(year) === 0)
    throw new SyntaxError(`'${text}' is no day of the calendar: quote it`)
  const two = (part = '0') => part.padStart(2, '0')
  const on = `${year}-${two(month)}-${two(date)}`
  if (hour === undefined) return on
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) throw new SyntaxError(`'${text}' is no time of a day: quote it`)
  const micro = (fraction ?? '').slice(0, 6).padEnd(6, '0')
  const offset = zone === undefined ? '' : zone === 'Z' ? '+00:00' : `${sign}${two(hours)}:${two(minutes)}`
  return `${on}T${two(hour)}:${two(minute)}:${two(second)}${Number(micro) === 0 ? '' : `.${micro}`}${offset === '-00:00' ? '+00:00' : offset}`
}
