import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { cgroup2Mount } from './cgroup.ts'
import { labScript } from './paths.ts'
import { run } from './process.ts'
import { labTools, missingTools, toolEnvironment } from './tools.ts'

/** Something that the lab needs and this machine does not give. */
export interface Problem {
  readonly missing: string
  readonly fix: string
}

const asRoot =
  'Run as root on a machine or virtual machine, or in a container that is started privileged. A lab without root is not supported.'

/** What to do about a refusal, by what the system said. The first that matches counts. */
const refusals: readonly { readonly says: RegExp; readonly missing: string; readonly fix: string }[] = [
  {
    says: /No space left on device/,
    missing: 'the number of namespaces is limited to none, or used up',
    fix: 'Raise it, as root:\nsysctl -w user.max_user_namespaces=10000 user.max_pid_namespaces=10000 user.max_mnt_namespaces=10000 user.max_net_namespaces=10000',
  },
  {
    says: /Operation not permitted|Permission denied|must be superuser/,
    missing: 'this process may not make namespaces, mounts or networks',
    fix: asRoot,
  },
  { says: /^(bridge|veth): /, missing: 'the kernel makes no virtual network devices', fix: 'As root, load them:\nmodprobe -a bridge veth' },
  {
    says: /^overlay: .*(unknown filesystem|No such device|wrong fs type)/s,
    missing: 'the kernel has no overlayfs',
    fix: 'As root, load it:\nmodprobe overlay',
  },
  {
    says: /^cgroup: /,
    missing: 'the cgroup2 hierarchy cannot be written',
    fix: 'Start the container privileged, with its own cgroup namespace.',
  },
  {
    says: /unrecognized option|invalid option/,
    missing: 'the tools of util-linux are too old',
    fix: 'Debian 12 or newer has what is needed (util-linux 2.38).',
  },
]

/** What a failed try means and what to do about it. `said`: the step, a colon, and the words of the system. */
export function explain(said: string): Problem {
  const known = refusals.find(({ says }) => says.test(said))
  const reason = said.trim() || 'no reason was given'
  return known === undefined
    ? { missing: `a step of the lab is refused: ${reason}`, fix: asRoot }
    : { missing: `${known.missing} (${reason})`, fix: known.fix }
}

/**
 * What keeps this machine from having a lab; empty when nothing does. It does the very things that a lab does, in
 * namespaces of their own, and reads the answer: nothing of it stays.
 */
export async function probe(): Promise<readonly Problem[]> {
  if (process.platform !== 'linux') {
    return [{ missing: `Linux: namespaces do not exist on ${process.platform}`, fix: 'Use a Linux virtual machine with Debian 12.' }]
  }
  if (process.getuid?.() !== 0) return [{ missing: 'the rights of root', fix: asRoot }]
  const missing = missingTools(labTools)
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((tool) => tool.debianPackage))].join(' ')
    return [
      { missing: `the programs ${missing.map((tool) => tool.program).join(', ')}`, fix: `apt-get update && apt-get install ${packages}` },
    ]
  }
  const mount = cgroup2Mount()
  if (mount === undefined) {
    return [
      {
        missing: 'a cgroup2 hierarchy that can be written',
        fix: 'As root:\nmount -t cgroup2 cgroup2 /sys/fs/cgroup\nIn a container: start it privileged.',
      },
    ]
  }
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-probe-'))
  try {
    const namespaces = ['--fork', '--kill-child', '--pid', '--mount', '--net', '--uts', '--ipc', '--time']
    const command = ['bash', labScript('probe'), folder, join(mount, `rollcall-probe-${process.pid}`)]
    const result = await run(['unshare', ...namespaces, ...command], { env: toolEnvironment(), timeoutMs: 20_000 })
    return result.code === 0 ? [] : [explain(`${result.stdout}${result.stderr}`)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws RollcallError naming all that is missing and what to do about it. */
export async function requireLabCapable(): Promise<void> {
  const problems = await probe()
  if (problems.length === 0) return
  throw new RollcallError({
    summary: 'This machine cannot have a lab',
    detail: problems.map(({ missing }) => missing).join('\n'),
    fix: problems.map(({ fix }) => fix).join('\n'),
  })
}
