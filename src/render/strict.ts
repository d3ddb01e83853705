import { UndeclaredName } from './errors.ts'
import { print } from './print.ts'

/** Names that JavaScript and Eta themselves ask any object for; absent ones are absent, not mistakes. */
const asked = new Set(['toJSON', 'then', 'constructor', 'toString', 'valueOf', '__blocks'])

const strictOnes = new WeakSet<object>()

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function pathOf(parent: string, name: string, inArray: boolean): string {
  if (inArray) return `${parent}[${name}]`
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${parent}.${name}` : `${parent}['${name}']`
}

/** Facts that are not known refuse to list their names. */
function namesOf(value: object): readonly string[] {
  try {
    return Object.keys(value)
  } catch {
    return []
  }
}

/**
 * A template's data in which reading a name that is not there is an error, at any depth of plain objects and arrays.
 * The proxy stands before a stand-in and not before the value: a proxy of a frozen object may not answer with proxies.
 */
export function strict<T>(value: T, path: string): T {
  if (typeof value !== 'object' || value === null || strictOnes.has(value) || !isPlain(value)) return value
  const source: object = value
  const inArray = Array.isArray(value)
  const standIn: object = inArray ? [] : (Object.create(Object.getPrototypeOf(value) as object | null) as object)
  const readOnly = (): never => {
    throw new TypeError(`${path} is the template's data and cannot be changed`)
  }
  const proxy = new Proxy(standIn, {
    get(_, name) {
      // Text made of an object would put [object Object] into the file.
      if (name === Symbol.toPrimitive && !inArray) return Reflect.has(source, name) ? Reflect.get(source, name) : () => print(value)
      const found = Reflect.get(source, name) as unknown
      if (found === undefined && typeof name === 'string' && !asked.has(name) && !Reflect.has(source, name)) {
        // Reading past the end of a list is how JavaScript asks whether there is more.
        if (inArray && /^-?\d+$/.test(name)) return undefined
        throw new UndeclaredName(pathOf(path, name, false), path, name, inArray ? [] : namesOf(source))
      }
      return typeof name === 'string' ? strict(found, pathOf(path, name, inArray)) : found
    },
    has: (_, name) => Reflect.has(source, name),
    ownKeys: () => Reflect.ownKeys(source),
    getOwnPropertyDescriptor(_, name) {
      const own = Reflect.getOwnPropertyDescriptor(source, name)
      if (own === undefined) return undefined
      const found = strict(Reflect.get(source, name) as unknown, pathOf(path, String(name), inArray))
      const isLength = inArray && name === 'length'
      return { value: found, writable: isLength, enumerable: own.enumerable === true, configurable: !isLength }
    },
    set: readOnly,
    defineProperty: readOnly,
    deleteProperty: readOnly,
    setPrototypeOf: readOnly,
  })
  strictOnes.add(proxy)
  return proxy as T
}
