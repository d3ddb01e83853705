import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LawHost, LawPlace } from './law-host.ts'
import { type LocalHostOptions, needed, runShell } from './local-host.ts'
import { sandboxScript } from './sandbox-script.ts'
import { treeOf, writtenSince } from './tree.ts'

/**
 * A host with a whole system: this machine's programs and settings, seen through layers of its own, so that users may
 * be made and `/etc` changed. A fresh one for each case, in namespaces (mounts, processes, host name) that the kernel
 * removes with it; the machine's own files cannot be reached from inside. In `call` the root is `''`, since the host has
 * a `/` of its own; in `before` and `after` it is where the tests see that `/`. From there an absolute symbolic link leads
 * to this machine: where links stand in the way, let `before` be a script, which runs inside.
 *
 * Takes root, and Linux with overlays and namespaces.
 */
export function sandboxHost(options: Omit<LocalHostOptions, 'uid'>): LawHost {
  return { name: options.name, open: () => openSandbox(options) }
}

let hosts: readonly LawHost[] | undefined

/** The shells that every script must work on, each with the programs of this machine: dash, bash, and busybox, which takes its own tools first. */
export function sandboxHosts(): readonly LawHost[] {
  hosts ??= [
    sandboxHost({ name: 'dash', shell: [needed('/bin/dash', 'dash')] }),
    sandboxHost({ name: 'bash', shell: [needed('/bin/bash', 'bash'), '--posix'] }),
    sandboxHost({ name: 'busybox', shell: [needed('/bin/busybox', 'busybox-static'), 'sh'] }),
  ]
  return hosts
}

async function openSandbox(options: LocalHostOptions): Promise<LawPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'law-'))
  const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child']
  const holder = spawn('unshare', [...namespaces, '--', '/bin/sh', '-c', sandboxScript, 'sh', folder], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => {
    holder.once('close', () => resolve())
    holder.once('error', () => resolve())
  })
  // It lives as long as its input is open: when these tests end, however they end, so does it.
  const close = async () => {
    holder.stdin.end()
    await ended
    rmdirSync(folder)
  }
  const pid = await readyPid(holder).catch(async (error: unknown) => {
    await close()
    throw error
  })
  const root = `/proc/${pid}/root`
  const canary = `/tmp/canary-${randomUUID()}`
  const enter = ['nsenter', '--target', pid, '--mount', '--pid', '--uts', '--ipc', '--root', '--wd', '--']
  // Whatever is written lands in the upper layers, so nothing else has to be looked at.
  const written = () => treeOf(`${root}/.sandbox/upper`)
  return {
    run: (job) => runShell(options, enter, job, canary),
    root,
    inside: '',
    watch: async () => {
      const before = written()
      return async () => writtenSince(before, written())
    },
    canaryRan: async () => existsSync(`${root}${canary}`),
    close,
  }
}

/** Waits until the sandbox stands, and gives its first process as this machine numbers it. */
function readyPid(holder: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let [said, wrong] = ['', '']
    holder.stdin!.on('error', () => {})
    holder.stderr!.on('data', (part: Buffer) => {
      wrong += part
    })
    holder.stdout!.on('data', (part: Buffer) => {
      said += part
      const ready = /^ready (\d+)\n/.exec(said)
      if (ready) resolve(ready[1]!)
    })
    holder.once('error', reject)
    holder.once('close', () =>
      reject(new Error(`no sandbox can be made here, which takes root and Linux with overlays and namespaces: ${wrong.trim()}`)),
    )
  })
}
