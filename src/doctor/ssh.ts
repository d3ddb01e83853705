import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import type { HostRecord } from '../model/inventory.ts'
import { declaredTarget } from '../ssh-target.ts'
import { resolveTarget } from '../transport/ssh-config.ts'
import { readSshConfig } from '../transport/ssh-config-file.ts'
import type { SshConfig } from '../transport/ssh-config-parse.ts'
import type { SshTarget } from '../transport/target.ts'
import { readKnownHosts } from '../transport/verify-host-key.ts'
import { sh } from '../util/sh.ts'
import { type Checked, checking, ofError, ok, problem, warning } from './check.ts'

/** What SSH on this machine brings along: configuration, keys, agent, known hosts. `hosts`: those of the inventory. */
export async function checkSsh(hosts: readonly HostRecord[]): Promise<readonly Checked[]> {
  const overSsh = hosts.filter(({ connection }) => connection.type === 'ssh')
  const path = join(homedir(), '.ssh', 'config')
  let config: readonly SshConfig[]
  try {
    config = await readSshConfig()
  } catch (error) {
    if (error instanceof RollcallError) return [ofError('ssh config', error.details)]
    throw error
  }
  const targets: SshTarget[] = []
  const refused: Checked[] = []
  for (const host of overSsh) {
    try {
      targets.push(await targetOf(host, config))
    } catch (error) {
      if (!(error instanceof RollcallError)) throw error
      refused.push({ ...ofError('ssh config', error.details), host: host.name })
    }
  }
  if (overSsh.length === 0) return [ok('ssh', 'no host of the inventory is reached by SSH settings of this machine')]
  const general = targets.length > 0 ? targets : [await targetOf({ name: 'localhost', connection: { type: 'ssh' } }, [])]
  return [
    ...(refused.length > 0
      ? refused
      : [
          ok(
            'ssh config',
            config.every((file) => file.length === 0) ? `${path} is empty or not there` : `${path} can be followed for every host`,
          ),
        ]),
    ...(await checkCredentials(general)),
    ...(await checking('known hosts', () => checkKnownHosts(general))),
  ]
}

function targetOf(host: Pick<HostRecord, 'name' | 'connection' | 'publicIp' | 'privateIp' | 'jumpHosts'>, config: readonly SshConfig[]) {
  return resolveTarget(declaredTarget(host, host.connection.type === 'ssh' ? host.connection : {}), config)
}

async function checkCredentials(targets: readonly SshTarget[]): Promise<readonly Checked[]> {
  const files = [...new Set(targets.flatMap(({ identityFiles }) => identityFiles ?? []))]
  const keys = files.flatMap((file) => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found ? [{ file, open: (found.mode & 0o077) !== 0 }] : []
  })
  const agents = [...new Set(targets.flatMap(({ agent }) => agent ?? []))]
  const held = await Promise.all(agents.map(async (socket) => ({ socket, keys: await identitiesOf(socket) })))
  const passwords = targets.every(({ password }) => password !== undefined)
  const checks = [
    ...keys
      .filter(({ open }) => open)
      .map(({ file }) => warning('ssh keys', `${file} can be read by others`, `Take that right away:\n${sh`chmod 600 ${file}`.text}`)),
    ...held.map(({ socket, keys: count }) =>
      typeof count === 'number'
        ? count > 0
          ? ok('ssh agent', `${socket} holds ${count === 1 ? 'a key' : `${count} keys`}`)
          : warning('ssh agent', `${socket} holds no key`, 'Add one:\nssh-add')
        : warning('ssh agent', `${socket} does not answer: ${count}`, 'Start one and add a key:\neval "$(ssh-agent)" && ssh-add'),
    ),
  ]
  const usable = held.some(({ keys: count }) => typeof count === 'number' && count > 0)
  if (keys.length > 0) checks.push(ok('ssh keys', keys.map(({ file }) => file).join(', ')))
  else if (!usable && !passwords)
    checks.push(
      problem(
        'ssh keys',
        `there is none, and no agent holds one; looked for ${files.join(', ') || 'no file'}`,
        'Make one, and put its public half on the hosts:\nssh-keygen -t ed25519',
      ),
    )
  return checks
}

/** How many keys an agent holds, or why it does not say. The protocol: 11 asks, 12 answers with a number. */
function identitiesOf(socket: string): Promise<number | string> {
  return new Promise((resolve) => {
    const stream = connect(socket)
    let answer = Buffer.alloc(0)
    const finish = (result: number | string) => {
      stream.destroy()
      resolve(result)
    }
    stream.setTimeout(3000, () => finish('no answer within 3 s'))
    stream.once('error', (error) => finish(error.message))
    stream.once('connect', () => stream.write(Buffer.from([0, 0, 0, 1, 11])))
    stream.on('data', (data) => {
      answer = Buffer.concat([answer, data])
      if (answer.length >= 9) finish(answer[4] === 12 ? answer.readUInt32BE(5) : 'it refuses to list its keys')
      else if (answer.length >= 5 && answer[4] !== 12) finish('it refuses to list its keys')
    })
    stream.once('close', () => finish('it closed the connection'))
  })
}

async function checkKnownHosts(targets: readonly SshTarget[]): Promise<readonly Checked[]> {
  const files = [...new Set(targets.flatMap(({ knownHosts }) => knownHosts.files))]
  const { entries, notes } = await readKnownHosts(files)
  const odd = notes.map((note) => warning('known hosts', note, 'Correct or remove the line.'))
  return [...odd, ok('known hosts', `${entries.length} keys in ${files.join(', ')}`)]
}
