import { Refusal } from '../dsl/definition.ts'
import type { HashName } from '../resources/file-hash.ts'

/** A checksum that a user gives: the hash itself, or where a file with hashes lies. */
export interface Checksum {
  readonly name: HashName
  /** Lower-case hex. */
  readonly value?: string
  readonly url?: string
}

/** Digits of each function's hash. */
const digits: Readonly<Record<HashName, number>> = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 }

/** @throws Refusal for what is no checksum: a short one would never fit. */
export function parseChecksum(text: string): Checksum {
  const match = /^([a-z0-9]+):(.+)$/i.exec(text.trim())
  const name = match?.[1]?.toLowerCase() as HashName | undefined
  if (!match || name === undefined || !Object.hasOwn(digits, name))
    throw new Refusal(`'${text}' is no checksum`, `Write '<function>:<hash>', with one of ${Object.keys(digits).join(', ')}.`)
  const value = match[2]!.trim()
  if (/^https?:\/\//.test(value)) return { name, url: value }
  if (!/^[0-9a-f]+$/i.test(value) || value.length !== digits[name])
    throw new Refusal(`a ${name} has ${digits[name]} hexadecimal digits, '${value}' has not`, 'Copy the whole hash.')
  return { name, value: value.toLowerCase() }
}

/**
 * The hash of a file in a list of hashes (`SHA256SUMS`), as sha256sum and BSD's tools write them; or the only hash there is.
 * @throws Refusal when the list does not name the file.
 */
export function findChecksum(list: string, { name, url }: Checksum, file: string): string {
  const hash = new RegExp(`^[0-9a-f]{${digits[name]}}$`, 'i')
  const found = list.split('\n').flatMap((line) => {
    const plain = /^\\?([0-9a-f]+)\s+[*]?(.*)$/i.exec(line.trim())
    const bsd = /^[A-Z0-9-]+ \((.*)\) = ([0-9a-f]+)$/i.exec(line.trim())
    const [value, path] = bsd ? [bsd[2]!, bsd[1]!] : plain ? [plain[1]!, plain[2]!] : [line.trim(), undefined]
    return hash.test(value) ? [{ value: value.toLowerCase(), name: path?.replace(/^.*\//, '') }] : []
  })
  const own = found.find((each) => each.name === file) ?? (found.length === 1 && found[0]!.name === undefined ? found[0] : undefined)
  if (!own) throw new Refusal(`${url} has no ${name} of ${file}`, `Look into it: it holds ${found.length} hashes of this kind.`)
  return own.value
}
