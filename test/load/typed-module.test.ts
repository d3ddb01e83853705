import { array, assert, asyncProperty, constantFrom, dictionary, oneof, record, uniqueArray } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { importInventory } from '../../src/load/import.ts'
import { isConnectionVar } from '../../src/load/sources/connection-vars.ts'
import { typedModule } from '../../src/load/sources/typed-module.ts'
import { typeCheck } from '../../src/load/type-check.ts'
import type { InventoryModel } from '../../src/model/inventory.ts'
import { Secret } from '../../src/util/secret.ts'
import { chance } from '../helpers/chance.ts'
import { tempProject } from '../helpers/project.ts'
import { type Case, cases, readModel, recorded, writeCase } from './read-sources.ts'

/** What counts of a model: of secrets only that they are there, for those of files are locked. */
function essence(model: InventoryModel) {
  const plain = (value: unknown): unknown => {
    if (value instanceof Secret) return '[secret]'
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
  }
  return {
    hosts: [...model.hosts.values()].map(({ name, groups, vars, connection, privateIp, publicIp }) => ({
      name,
      groups: [...groups].sort(),
      vars: plain(Object.fromEntries(Object.entries(vars).filter(([key]) => !isConnectionVar(key)))),
      connection: plain(connection),
      privateIp,
      publicIp,
    })),
    groups: [...model.groups].map(([name, members]) => [name, [...members].sort()]),
    children: [...(model.children ?? [])],
  }
}

const written: { readonly name: string; readonly text: string }[] = []

/** Takes an inventory over, loads what was written, and compares the two. */
async function expectSameTyped(source: string, name: string): Promise<void> {
  const read = await readModel(source)
  const user = tempProject({})
  const { text } = typedModule(read, user.root, name)
  user.write('inventory/typed.ts', text)
  written.push({ name, text })
  const { model } = await importInventory(user.project, user.path('inventory/typed.ts'))
  expect(essence(model), text).toEqual(essence(read.model))
}

describe('an inventory that is taken over', () => {
  const refused = /is the name of a host and of a group|can have no host/
  const fitting = cases.filter(
    ({ name }) => recorded[name]!.refused === undefined && !/only comments|folder: with a script|script:/.test(name),
  )
  test.for(fitting.map((each): [string, Case] => [each.name, each]))('is the same: %s', async ([name, each]) => {
    try {
      await expectSameTyped(writeCase(each), name)
    } catch (error) {
      if (!refused.test((error as Error).message)) throw error
    }
  })

  test('is the same: containers, a chroot and a directory for systemd-nspawn', async () => {
    const source = tempProject({})
    source.write(
      'guests.ini',
      `[guests]
c1 ansible_connection=docker
c2 ansible_connection=containers.podman.podman ansible_host=shop-web-1 ansible_user=node
jail ansible_connection=chroot ansible_host=/srv/jail ansible_become_user=app
image ansible_connection=nspawn ansible_host=/srv/image
`,
    )
    await expectSameTyped(source.path('guests.ini'), 'guests')
    const text = written.at(-1)!.text
    for (const code of ['docker()', 'podman({', `directory: '/srv/jail'`, 'nspawn({']) expect(text).toContain(code)
  })

  test('is the same: what a group sets and no host has counts for the type', async () => {
    const groups = { a: { vars: { w: {} }, children: { c: null } }, b: { vars: { w: { x: 'z', y: [2] } }, children: { c: null } } }
    const tree = { ...groups, c: { hosts: { h1: null } } }
    await expectSameTyped(writeCase({ files: { 'hosts.yml': JSON.stringify(tree) } }), 'an overridden value')
    expect(written.at(-1)!.text).toContain('x: Type.Optional(Type.String())')
  })

  const values = constantFrom<unknown>(
    1,
    2,
    'a',
    "it's",
    true,
    null,
    [],
    ['x'],
    [1, 'y'],
    {},
    { a: 1 },
    { a: 'z', b: [2] },
    '{{ t }}',
    '10.0.0.9',
  )
  const vars = dictionary(constantFrom('v', 'w', 'x-y', 'private_ip', 'ansible_user', 'ansible_port'), values, { maxKeys: 3 }).map(
    (given) => ({
      ...given,
      ...('ansible_user' in given && {
        ansible_user: typeof given.ansible_user === 'string' && given.ansible_user !== '{{ t }}' ? given.ansible_user : 'me',
      }),
      ...('ansible_port' in given && { ansible_port: given.ansible_port === 1 ? 22 : 2222 }),
    }),
  )
  const groupNames = ['a', 'b', 'c', 'd-e']
  const hostNames = ['h1', 'h2', 'h3', '192.0.2.1']
  const group = record({ hosts: uniqueArray(constantFrom(...hostNames)), vars, file: oneof(vars, constantFrom(undefined)) })
  const inventory = record({
    all: record({ vars, file: oneof(vars, constantFrom(undefined)) }),
    groups: array(group, { minLength: 4, maxLength: 4 }),
    // A child has a later name, so that none is below itself.
    children: uniqueArray(constantFrom('a>b', 'a>c', 'b>d-e', 'c>d-e', 'a>d-e', 'b>c'), { maxLength: 4 }),
    hosts: array(record({ vars, file: oneof(vars, constantFrom(undefined)) }), { minLength: 4, maxLength: 4 }),
  })
  test('is the same, whatever it is', { timeout: 120_000 }, async () => {
    let count = 0
    await assert(
      asyncProperty(inventory, async ({ all, groups, children, hosts }) => {
        const tree = Object.fromEntries(
          groups.map((each, at) => [
            groupNames[at]!,
            {
              vars: each.vars,
              hosts: Object.fromEntries(each.hosts.map((host) => [host, null])),
              children: Object.fromEntries(
                children.filter((edge) => edge.startsWith(`${groupNames[at]}>`)).map((edge) => [edge.split('>')[1]!, null]),
              ),
            },
          ]),
        )
        const top = { vars: all.vars, hosts: Object.fromEntries(hosts.map((each, at) => [hostNames[at]!, each.vars])) }
        const files = [
          ['group_vars/all', all.file],
          ...groups.map((each, at) => [`group_vars/${groupNames[at]}`, each.file] as const),
          ...hosts.map((each, at) => [`host_vars/${hostNames[at]}`, each.file] as const),
        ].flatMap(([path, file]) => (file === undefined ? [] : [[`${path as string}.yml`, JSON.stringify(file)]]))
        const source = writeCase({ files: { 'hosts.yml': JSON.stringify({ all: top, ...tree }), ...Object.fromEntries(files) } })
        await expectSameTyped(source, `random ${++count}`)
      }),
      chance(25),
    )
  })

  test('compiles', { timeout: 120_000 }, async () => {
    const user = tempProject(Object.fromEntries(written.map(({ text }, at) => [`inventory/typed-${at}.ts`, text])))
    const files = written.map((_, at) => user.path(`inventory/typed-${at}.ts`))
    const verdict = await typeCheck({ project: user.project, files, inventory: files[0]!, templates: false })
    const told = verdict.ok
      ? []
      : verdict.diagnostics.map(({ file = '', line, message }) => ({ line, message, text: written[Number(/\d+/.exec(file)?.[0])]?.text }))
    expect(told.slice(0, 3)).toEqual([])
  })
})
