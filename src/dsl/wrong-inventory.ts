import { RollcallError, type SourceLine } from '../model/errors.ts'

/** Leads to something within what a call was given: names of keys, and numbers of arguments. */
export type Keys = readonly (string | number)[]

/** What is wrong with an inventory, and where. */
export interface Wrong {
  readonly detail: string
  readonly fix: string
  /** Where it stands in what {@link Within.call} was given. */
  readonly keys?: Keys
  /** The other one, where two stand against each other. */
  readonly other?: Keys
}
/** The call whose argument is looked at. */
export interface Within {
  readonly call: 'defineInventory' | 'joinHosts' | 'joinGroups'
  readonly at: SourceLine | undefined
}

const places = new WeakMap<RollcallError, Within & Pick<Wrong, 'keys' | 'other'>>()

/**
 * An error about a part of an inventory. Here only the line of the call is known; whoever can read the file finds the
 * line of the part by {@link placesOf}.
 */
export function wrongInventory({ detail, fix, keys, other }: Wrong, within: Within): RollcallError {
  const { at } = within
  const error = new RollcallError({ summary: 'The inventory is wrong', detail, fix, ...(at && { at }) })
  places.set(error, { ...within, ...(keys && { keys }), ...(other && { other }) })
  return error
}

/** Which part of an inventory an error is about. */
export function placesOf(error: RollcallError): (Within & Pick<Wrong, 'keys' | 'other'>) | undefined {
  return places.get(error)
}

/** Says what is wrong with an inventory, and ends its loading. */
export type Fail = (wrong: Wrong) => never
