import type { Call } from '../dsl/call.ts'
import { Refusal } from '../dsl/definition.ts'
import type { NewHosts } from '../dsl/hosts.ts'
import { type Callable, defineControllerCall } from '../dsl/module.ts'
import { type ParamsSchema, parameters, Type } from '../dsl/schema.ts'
import type { NewSet } from '../model/host-set.ts'
import type { GivenConnection, Vars } from '../model/inventory.ts'
import { type AskedHost, NotAdded, newRecord } from '../model/new-host.ts'
import { fieldsOf } from './result-fields.ts'

/** The host that was added. */
export interface AddHostResult {
  readonly name: string
  readonly to: string
  readonly added: boolean
}

/** What a host is added with. */
interface Asked<V extends object> {
  readonly name: string
  readonly address?: string | undefined
  readonly publicIp?: string | undefined
  readonly hostKey?: string | readonly string[] | undefined
  readonly vars?: { readonly [K in keyof V]?: V[K] | undefined }
  readonly connection?: GivenConnection | 'local' | undefined
}
/** A group of which every host declares a private address relies on it. */
type Address<P> = undefined extends P ? { readonly privateIp?: string | undefined } : { readonly privateIp: string }

interface AddHost extends Pick<Callable<ParamsSchema, AddHostResult>, 'definition'> {
  <V extends object, P extends string | undefined>(
    params: { readonly to: NewHosts<any, V, P> } & Asked<NoInfer<V>> & Address<NoInfer<P>>,
  ): Call<AddHostResult>
}

interface Params {
  readonly to: NewHosts
  readonly name: string
  readonly address?: string | undefined
  readonly privateIp?: string | undefined
  readonly publicIp?: string | undefined
  readonly hostKey?: string | readonly string[] | undefined
  readonly vars?: object | undefined
  readonly connection?: GivenConnection | 'local' | undefined
}

const word = (description: string) => Type.String({ pattern: '^\\S+$', description })

/**
 * Adds a host that no inventory has, from the next play on: it is a host of its groups in `fleet`, and plays whose hosts name `to`
 * run on it.
 */
export const addHost = defineControllerCall({
  name: 'addHost',
  summary: 'Add a host that no inventory has, for later plays of this run',
  params: parameters({
    to: Type.Unsafe<NewHosts>({
      type: 'object',
      properties: { kind: { const: 'new' } },
      required: ['kind'],
      description: 'what newHosts made: which groups the host is in, and which plays run on it',
    }),
    name: word('the name of the host, which neither the inventory nor another new host has'),
    address: Type.Optional(word('where it is reached by SSH; default publicIp, else privateIp, else its name')),
    privateIp: Type.Optional(word('its address among the hosts; due where every host of its groups has one')),
    publicIp: Type.Optional(word('its address on the public network')),
    hostKey: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        description: 'its public host key, or several, as in ssh-ed25519 AAAA…; else known_hosts must have it',
      }),
    ),
    vars: Type.Optional(Type.Unsafe<object>({ type: 'object', description: 'vars that differ from those of its groups' })),
    connection: Type.Optional(
      Type.Unsafe<GivenConnection | 'local'>({
        anyOf: [{ const: 'local' }, { type: 'object', properties: { type: { type: 'string' } }, required: ['type'] }],
        description: 'how it is reached, as in the inventory; default as its groups say, else ssh()',
      }),
    ),
  }),
  // Before the first play the inventory alone can tell what is wrong.
  refuse: (params) => {
    const asked = askedOf(params)
    try {
      newRecord(asked, asked.set.inventory)
    } catch (error) {
      throw error instanceof NotAdded ? new Refusal(error.message, error.fix) : error
    }
  },
  run: (params, mode): AddHostResult => {
    const asked = askedOf(params)
    return { name: asked.name, to: asked.set.name, added: mode.add?.(asked) ?? false }
  },
  resultFields: fieldsOf<AddHostResult>({
    name: 'the name of the host',
    to: 'the name of the new hosts it is one of',
    added: 'false where it was there already, the same in everything',
  }),
}) as unknown as AddHost

function askedOf({ to, name, address, privateIp, publicIp, hostKey, vars, connection }: Params): AskedHost {
  return {
    set: to as unknown as NewSet,
    name,
    ...(address !== undefined && { address }),
    ...(privateIp !== undefined && { privateIp }),
    ...(publicIp !== undefined && { publicIp }),
    hostKeys: [hostKey ?? []].flat(),
    vars: Object.fromEntries(Object.entries(vars ?? {}).filter(([, value]) => value !== undefined)) as Vars,
    ...(connection !== undefined && { connection }),
  }
}
