import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { droppedCapabilities } from './capabilities.ts'
import { labScript } from './paths.ts'
import { toolEnvironment } from './tools.ts'
import type { LabHost } from './types.ts'

/** What lab-init tells, one a line. */
export type InitMessage =
  | { readonly event: 'lab'; readonly pid: number }
  | { readonly event: 'ready' }
  | { readonly event: 'up'; readonly name: string; readonly pid: number }
  | { readonly event: 'down'; readonly name: string; readonly status: string }

/** What lab-init is started with. */
export interface InitSettings {
  readonly run: string
  readonly image: string
  readonly repository: string
  readonly seeds: string
  readonly subnet: string
  readonly cgroup: string
  readonly server: string
}

/** The running PID 1 of a lab. Its standard input is the life line: when this process dies, the lab does. */
export interface InitProcess {
  readonly child: ChildProcess
  boot(host: LabHost): void
  kill(name: string): void
  /** Forgets a stopped host's disk. */
  wipe(name: string): void
  /** Ends the lab with all in it; resolves when the kernel has. */
  end(): Promise<void>
}

function parseMessage(line: string): InitMessage | undefined {
  const [event, first = '', second = ''] = line.split(' ')
  switch (event) {
    case 'lab':
      return { event, pid: Number(first) }
    case 'ready':
      return { event }
    case 'up':
      return { event, name: first, pid: Number(second) }
    case 'down':
      return { event, name: first, status: second }
    default:
      return undefined
  }
}

/** Starts lab-init in new namespaces. Its errors go to this process's standard error, which is the supervisor's log. */
export function startInit(settings: InitSettings, onMessage: (message: InitMessage) => void): InitProcess {
  const namespaces = ['--fork', '--kill-child', '--pid', '--mount', '--net', '--uts', '--ipc']
  const child = spawn('unshare', [...namespaces, 'bash', labScript('lab-init')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: toolEnvironment({
      RUN: settings.run,
      IMAGE: settings.image,
      REPOSITORY: settings.repository,
      SEEDS: settings.seeds,
      SUBNET: settings.subnet,
      CGROUP: settings.cgroup,
      DROP: droppedCapabilities,
      NODE: process.execPath,
      SERVER: settings.server,
    }),
  })
  // When the lab has ended by itself, `exit` says so; a write that comes too late is no news.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = parseMessage(line)
    if (message !== undefined) onMessage(message)
  })
  const send = (...fields: readonly string[]) => child.stdin.write(`${fields.join('\t')}\n`)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    child,
    boot: (host) => send('host', host.name, host.address, host.kind),
    kill: (name) => send('stop', name),
    wipe: (name) => send('wipe', name),
    end: () => {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      return ended.finally(() => clearTimeout(timer))
    },
  }
}
