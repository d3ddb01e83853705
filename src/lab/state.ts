import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { stateFolder } from './paths.ts'
import { isAlive } from './process.ts'
import type { LabHostState, LabId, LabState } from './types.ts'

/** For the supervisor alone. Replaced in one step: a reader never sees half a state. */
export function writeState(state: LabState): void {
  const file = join(stateFolder(state), 'state.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** The state of a lab that is up; undefined when there is none, or when its supervisor has died (also when its pid was reused). */
export function readState(lab: LabId): LabState | undefined {
  let state: LabState
  try {
    state = JSON.parse(readFileSync(join(stateFolder(lab), 'state.json'), 'utf8')) as LabState
  } catch {
    return undefined
  }
  return state.version === 1 && isAlive(state.supervisor) && isAlive(state.init) ? state : undefined
}

/** @throws RollcallError when the lab is down. */
export function requireState(lab: LabId): LabState {
  const state = readState(lab)
  if (state !== undefined) return state
  throw new RollcallError({ summary: 'The lab is not up', detail: lab.name, fix: 'rollcall lab up' })
}

/** @throws RollcallError when the lab has no such host. */
export function requireHost(hosts: readonly LabHostState[], name: string): LabHostState {
  const host = hosts.find((candidate) => candidate.name === name)
  if (host !== undefined) return host
  throw new RollcallError({
    summary: 'The lab has no such host',
    detail: `'${name}'; it has ${hosts.map((known) => known.name).join(', ') || 'none'}`,
    fix: 'rollcall lab status',
  })
}
