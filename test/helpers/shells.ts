import { accessSync, constants, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from '../../src/transport/connection.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { testFolder } from './folder.ts'

/** A shell to run the same tests through: its name, and how to connect to a host whose `sh` it is. */
export interface TestShell {
  readonly name: 'dash' | 'bash' | 'busybox'
  /** `env` is added to the login's environment. */
  connect(env?: Readonly<Record<string, string>>): Connection
  /** PATH of a login on such a host. */
  readonly path: string
}

/** What the session and busybox's own tools are needed for; the rest of a busybox host is busybox as well. */
const busyboxApplets = [
  'sh',
  'head',
  'tail',
  'mktemp',
  'mkdir',
  'wc',
  'cat',
  'cp',
  'rm',
  'id',
  'sleep',
  'env',
  'printf',
  'od',
  'dd',
  'kill',
  'ls',
  'stat',
  'seq',
  'tr',
  'test',
  'true',
  'false',
  'yes',
  'sed',
]

function needed(path: string, pack: string): string {
  try {
    accessSync(path, constants.X_OK)
  } catch {
    throw new Error(`${path} is missing, and the tests need it: apt-get install ${pack}`)
  }
  return path
}

function makeShell(name: TestShell['name'], program: string, applets: readonly string[], restOfPath: string): TestShell {
  const folder = testFolder()
  for (const applet of applets) symlinkSync(program, join(folder, applet))
  if (restOfPath === '') symlinkSync(needed('/usr/bin/flock', 'util-linux'), join(folder, 'flock')) // Not every busybox has it.
  const path = restOfPath === '' ? folder : `${folder}:${restOfPath}`
  return {
    name,
    path,
    connect: (env = {}) => connectLocal({ shell: join(folder, 'sh'), env: { HOME: '/', PATH: path, ...env } }),
  }
}

/** dash, bash (as `sh`) and busybox with its own tools first in PATH. Loading this module fails where one is missing. */
export const shells: readonly TestShell[] = [
  makeShell('dash', needed('/bin/dash', 'dash'), ['sh'], '/usr/bin:/bin'),
  makeShell('bash', needed('/bin/bash', 'bash'), ['sh'], '/usr/bin:/bin'),
  makeShell('busybox', needed('/bin/busybox', 'busybox-static'), busyboxApplets, ''),
]
