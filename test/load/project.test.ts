import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findInventory, findPlaybook, findProject, listPlaybooks } from '../../src/load/project.ts'
import { RollcallError } from '../../src/model/errors.ts'
import { tempProject } from '../helpers/project.ts'

const files = {
  'playbooks/prepare.ts': '',
  'playbooks/site.ts': '',
  'playbooks/ops/rotate-keys.ts': '',
  'inventory/lab.ts': '',
  'inventory/production.ts': '',
  'other/extra.ts': '',
}

test.for([
  ['prepare', 'playbooks/prepare.ts'],
  ['prepare.ts', 'playbooks/prepare.ts'],
  ['ops/rotate-keys', 'playbooks/ops/rotate-keys.ts'],
  ['playbooks/site.ts', 'playbooks/site.ts'],
  ['./playbooks/site', 'playbooks/site.ts'],
  ['other/extra.ts', 'other/extra.ts'],
] as const)('playbook %s is %s', ([name, path]) => {
  const { root, project } = tempProject(files)
  expect(findPlaybook(project, name, root)).toBe(join(root, path))
})

test('what is no TypeScript is not loaded, and does not hide what is', () => {
  const { root, project, write } = tempProject({ ...files, site: '#!/bin/sh\n', 'old.yml': '- hosts: all\n', 'hosts.ini': '[web]\n' })
  expect(findPlaybook(project, 'site', root)).toBe(join(root, 'playbooks/site.ts'))
  write('playbooks/odd.js', 'process.exit(3)')
  for (const name of ['old.yml', 'odd.js', '/etc/passwd'])
    expect(refusal(() => findPlaybook(project, name, root)).details).toMatchObject({
      summary: 'A playbook is a TypeScript file, and its name ends in .ts',
      detail: expect.stringMatching(new RegExp(`^'${name}' is /.*$`)),
    })
  expect(findInventory(project, 'hosts.ini', root)).toBe(join(root, 'hosts.ini'))
  expect(refusal(() => findInventory(project, 'playbooks/odd.js', root)).details.summary).toBe(
    'An inventory in code is a TypeScript file, and its name ends in .ts',
  )
})

test.for([
  ['prepaer', `Did you mean 'prepare'?`],
  ['rotate-keys.ts', `Did you mean 'ops/rotate-keys'?`],
  ['playbooks/sitte.ts', `Did you mean 'site'?`],
  ['./prepare.ts', undefined],
  ['zzzzzz', 'playbooks/ holds: ops/rotate-keys, prepare, site.'],
] as const)('unknown playbook %s: %s', ([name, fix]) => {
  const { root, project } = tempProject(files)
  const error = refusal(() => findPlaybook(project, name, root))
  expect(error.details).toMatchObject({ summary: 'There is no such playbook', detail: `'${name}'`, exitCode: 1, ...(fix && { fix }) })
})

test.for([
  [undefined, 'inventory/lab.ts'],
  ['production', 'inventory/production.ts'],
  ['inventory/production.ts', 'inventory/production.ts'],
  ['./other/extra.ts', 'other/extra.ts'],
] as const)('-i %s is %s', ([name, path]) => {
  const { root, project } = tempProject(files)
  expect(findInventory(project, name, root)).toBe(join(root, path))
})

test('an unknown inventory suggests one', () => {
  const { root, project } = tempProject(files)
  expect(refusal(() => findInventory(project, 'prodution', root)).details.fix).toBe(`Did you mean 'production'?`)
})

test('the default inventory must exist', () => {
  const { project } = tempProject({ 'inventory/production.ts': '' })
  expect(refusal(() => findInventory(project)).details).toMatchObject({
    detail: `'inventory/lab.ts'`,
    fix: 'inventory/ holds: production.',
  })
})

test('the rollcall key of package.json moves the folders, and is checked', () => {
  const { root, write } = tempProject({ 'ops/x.ts': '', 'hosts.ts': '' })
  write('package.json', JSON.stringify({ name: 'p', rollcall: { playbooks: 'ops', inventory: 'hosts.ts' } }))
  const project = findProject(join(root, 'ops'))
  expect(listPlaybooks(project)).toEqual(['x'])
  expect(findInventory(project)).toBe(join(root, 'hosts.ts'))
  write('package.json', JSON.stringify({ name: 'p', rollcall: { playbook: 'ops' } }))
  expect(refusal(() => findProject(root)).details.fix).toBe(`Did you mean 'playbooks'?`)
})

test('a folder outside any project is told so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-nowhere-'))
  try {
    expect(refusal(() => findProject(folder)).details.summary).toBe('This folder is not part of a Rollcall project')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function refusal(action: () => unknown): RollcallError {
  try {
    action()
  } catch (error) {
    if (error instanceof RollcallError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
