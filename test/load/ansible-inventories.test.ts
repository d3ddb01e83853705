import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { membersOf } from '../../src/load/sources/inventory-data.ts'
import { RollcallError } from '../../src/model/errors.ts'
import { Secret } from '../../src/util/secret.ts'
import { type Case, cases, casesFolder, openVault, type Recorded, readModel, recorded, writeCase } from './read-sources.ts'

/** What Ansible leaves out with a word, and is refused here. */
const onlyWarned = new Set(['ini: only comments', 'yaml: no hosts'])

/** As recorded, with marks of Ansible's own taken away, and secrets opened. */
async function comparable(value: unknown): Promise<unknown> {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value)) return Promise.all(value.map(comparable))
  if (typeof value !== 'object' || value === null) return value
  const marked = value as { readonly __ansible_vault?: string; readonly __ansible_unsafe?: string }
  if (marked.__ansible_vault !== undefined) return openVault(marked.__ansible_vault)
  if (marked.__ansible_unsafe !== undefined) return marked.__ansible_unsafe
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, each]) => [name, await comparable(each)])))
}

/** Secrets are texts here, whatever Ansible makes of them: they are compared as texts. */
function like(ours: unknown, theirs: unknown): unknown {
  if (ours instanceof Secret && typeof theirs !== 'object') return ours.reveal() === 'yes' && theirs === true ? 'yes' : String(theirs)
  if (Array.isArray(theirs)) return theirs.map((each, at) => like((ours as unknown[] | undefined)?.[at], each))
  if (typeof theirs !== 'object' || theirs === null) return theirs
  if ('__ansible_vault' in theirs || '__ansible_unsafe' in theirs) return theirs
  return Object.fromEntries(
    Object.entries(theirs).map(([name, each]) => [name, like((ours as Record<string, unknown> | undefined)?.[name], each)]),
  )
}

async function expectSame(path: string, theirs: Recorded): Promise<void> {
  const { read, model } = await readModel(path)
  const groups = [...read.data.groups.values()].flatMap(({ name, hosts, children }) =>
    hosts.size + children.size === 0
      ? []
      : [[name, { ...(hosts.size > 0 && name !== 'all' && { hosts: [...hosts] }), ...(children.size > 0 && { children: [...children] }) }]],
  )
  expect(Object.fromEntries(groups)).toEqual(theirs.groups)
  const hostvars = [...model.hosts.values()].filter(({ vars }) => Object.keys(vars).length > 0)
  const wanted = Object.fromEntries(
    await Promise.all(
      Object.entries(theirs.hostvars).map(async ([name, vars]) => [name, await comparable(like(model.hosts.get(name)?.vars, vars))]),
    ),
  )
  expect(Object.fromEntries(await Promise.all(hostvars.map(async ({ name, vars }) => [name, await comparable(vars)])))).toEqual(wanted)
  for (const [name, members] of Object.entries(theirs.members)) expect([name, membersOf(read.data.groups, name)]).toEqual([name, members])
  expect([...model.hosts.keys()]).toEqual(model.groups.get('all'))
}

describe('what ansible-inventory --list gives', () => {
  test.for(cases.map((each): [string, Case] => [each.name, each]))('%s', async ([name, each]) => {
    const theirs = recorded[name]!
    const path = writeCase(each)
    if (theirs.refused === undefined && !onlyWarned.has(name)) return expectSame(path, theirs)
    const error = await readModel(path).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error, `Ansible refuses it: ${theirs.refused}`).toBeInstanceOf(RollcallError)
    const { summary, detail, fix, at } = (error as RollcallError).details
    expect({ summary, detail: typeof detail, fix: typeof fix, at: typeof at?.line }).toEqual({
      summary: 'The inventory cannot be read',
      detail: 'string',
      fix: 'string',
      at: 'number',
    })
  })
  const folders = readdirSync(casesFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  test.for(folders.map(({ name }) => name))('folder %s', (name) => expectSame(join(casesFolder, name), recorded[name]!))
})
