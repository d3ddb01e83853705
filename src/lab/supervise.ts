import { once } from 'node:events'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { makeCgroup, pruneCgroups, removeCgroup } from './cgroup.ts'
import { consoleTail } from './console.ts'
import type { Request } from './control.ts'
import { hostTable } from './host-table.ts'
import type { LabImage } from './image.ts'
import { type InitMessage, startInit } from './init-process.ts'
import { generateSshKey } from './keys.ts'
import { subnetOf } from './network.ts'
import { stateFolder } from './paths.ts'
import { identify } from './process.ts'
import { writeSeed } from './seed.ts'
import { writeState } from './state.ts'
import type { LabHost, LabHostState, ProcessId } from './types.ts'

/** What a supervisor is told by the process that starts it. */
export interface SupervisorSettings {
  readonly name: string
  readonly image: LabImage
  readonly hosts: readonly LabHost[]
  readonly lifetimeMs: number
  /** The supervisor's own bundle, which is also the server of the package repository. */
  readonly program: string
}

/** The lab as its supervisor holds it. */
export interface Lab {
  /** One request at a time: the caller sees to that. Returns the names of the hosts that were booted. */
  handle(request: Request): Promise<readonly string[]>
  /** Resolves when the lab has ended, asked or not. */
  readonly ended: Promise<void>
  end(): Promise<void>
}

function whyStopped(status: string): string | undefined {
  if (status === 'asked') return undefined
  return status === '130' ? 'powered off' : `its init ended with status ${status}`
}

/** @throws RollcallError unless the hosts that the lab has already are as the inventory says. */
function checkSame(wanted: readonly LabHost[], present: readonly LabHostState[]): void {
  for (const { name, address, kind } of wanted) {
    const known = present.find((host) => host.name === name)
    if (known === undefined || (known.address === address && known.kind === kind)) continue
    throw new RollcallError({
      summary: 'The lab is up with another host of this name',
      detail: `${name} is a ${known.kind} host at ${known.address}; the inventory says ${kind} at ${address}`,
      host: name,
      fix: 'rollcall lab down',
    })
  }
}

/** Starts the lab's PID 1, its network and its repository, with no host booted yet. Its state folder is there and empty. */
export async function startLab(settings: SupervisorSettings): Promise<Lab> {
  const folder = stateFolder(settings)
  const subnet = subnetOf(settings.hosts)
  const controllerAddress = `${subnet}.1`
  pruneCgroups()
  const cgroup = makeCgroup(process.pid)
  const loginKey = generateSshKey('rollcall lab')
  await writeFile(join(folder, 'id_ed25519'), loginKey.privateKey, { mode: 0o600 })
  await writeFile(join(folder, 'id_ed25519.pub'), `${loginKey.publicKey}\n`)
  await writeFile(join(folder, 'known_hosts'), '')
  await mkdir(join(folder, 'run'))

  let labInit: ProcessId | undefined
  const startedAt = Date.now()
  const publish = (hosts: readonly LabHostState[]) => {
    const supervisor = identify(process.pid)
    if (supervisor === undefined || labInit === undefined) return
    const expiresAt = new Date(startedAt + settings.lifetimeMs).toISOString()
    const times = { startedAt: new Date(startedAt).toISOString(), expiresAt }
    writeState({ version: 1, name: settings.name, supervisor, init: labInit, controllerAddress, cgroup, ...times, hosts })
  }
  const hosts = hostTable(publish)

  let ready = () => {}
  const isReady = new Promise<void>((resolve) => {
    ready = resolve
  })
  const onMessage = (message: InitMessage) => {
    if (message.event === 'lab') labInit = identify(message.pid)
    else if (message.event === 'ready') ready()
    else if (message.event === 'down') hosts.markStopped(message.name, whyStopped(message.status))
    else {
      const init = identify(message.pid)
      // A host that is gone again already: its `down` is the next message.
      if (init !== undefined) hosts.markRunning(message.name, init)
    }
  }
  const { root: image, repository } = settings.image
  const init = startInit(
    { run: join(folder, 'run'), image, repository, seeds: join(folder, 'seeds'), subnet, cgroup, server: settings.program },
    onMessage,
  )
  const ended = once(init.child, 'exit').then(() => {})
  const failed = ended.then(async () => {
    const log = await readFile(join(folder, 'supervisor.log'), 'utf8').catch(() => '')
    await removeCgroup(cgroup)
    throw new RollcallError({
      summary: `The lab's namespaces could not be set up`,
      detail: log.trim() || 'no reason was given',
      fix: 'Run as root, on a machine or virtual machine, or in a container that is started privileged.',
    })
  })
  await Promise.race([isReady, failed])
  // From here on the end of the lab is no failure to start.
  failed.catch(() => {})
  publish([])

  const boot = async ({ name }: LabHost) => {
    const answered = hosts.next(name)
    init.boot(hosts.get(name))
    await answered
    if (hosts.get(name).state === 'running' || labInit === undefined) return
    throw new RollcallError({ summary: 'A host of the lab did not boot', host: name, detail: await consoleTail(settings, labInit, name) })
  }
  const kill = async ({ name }: LabHost) => {
    if (hosts.get(name).state === 'stopped') return
    const stopped = hosts.next(name, (host) => host.state === 'stopped')
    init.kill(name)
    await stopped
  }
  const bootAll = async (chosen: readonly LabHost[]) => {
    await Promise.all(chosen.map(boot))
    return chosen.map((host) => host.name)
  }
  const add = async (wanted: readonly LabHost[]) => {
    const missing = wanted.filter((host) => !hosts.has(host.name))
    checkSame(wanted, hosts.all())
    if (subnetOf([...hosts.all(), ...missing]) !== subnet) {
      throw new RollcallError({ summary: 'The lab is up with another network', detail: `${subnet}.0/24`, fix: 'rollcall lab down' })
    }
    for (const host of missing) {
      const seed = { controllerAddress, loginKey: loginKey.publicKey, repository }
      await appendFile(join(folder, 'known_hosts'), await writeSeed(join(folder, 'seeds', host.name), host, seed))
      hosts.add(host)
    }
    return bootAll(missing)
  }
  const reset = async (names: readonly string[] | undefined) => {
    const chosen = names === undefined ? hosts.all() : names.map(hosts.get)
    await Promise.all(chosen.map(kill))
    for (const host of chosen) init.wipe(host.name)
    return bootAll(chosen)
  }

  return {
    ended,
    async handle(request) {
      switch (request.verb) {
        case 'hosts':
          return add(request.hosts)
        case 'start':
          return bootAll([hosts.get(request.host)].filter((host) => host.state === 'stopped'))
        case 'reset':
          return reset(request.hosts)
        case 'stop':
          await kill(hosts.get(request.host))
          return []
        case 'answered':
          for (const { name, init } of request.hosts) hosts.markAnswered(name, init)
          return []
        case 'down':
          return []
      }
    },
    async end() {
      await init.end()
      await removeCgroup(cgroup)
    },
  }
}
