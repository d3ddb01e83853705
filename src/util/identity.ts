const numbers = new WeakMap<object, number>()
let last = 0

/** A number that stands for an object as long as it lives: for keys of what cannot be shown, as a request with a password. */
export function identityOf(object: object): number {
  const number = numbers.get(object) ?? ++last
  numbers.set(object, number)
  return number
}
