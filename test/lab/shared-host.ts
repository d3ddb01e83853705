import { randomUUID } from 'node:crypto'
import type { LawHost } from '../../src/testing/index.ts'
import type { Job, Session } from '../../src/transport/session-types.ts'
import { sh } from '../../src/util/sh.ts'

const decode = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

/** Where a host writes by itself, with nobody's doing. */
const own = ['/var/log', '/var/lib/systemd', '/var/lib/sudo', '/var/tmp']

/**
 * A real host that all cases share, reached by a session; what there is to run is run by `shell` with the host's usual PATH. Its
 * cases prepare and look at it by scripts alone, for its files are not here.
 */
export function sharedHost(name: string, shell: readonly string[], session: () => Session): LawHost {
  const open = async () => {
    const canary = `/tmp/canary-${randomUUID()}`
    const exchange = async (job: Job) => (await session().exchange([job]))[0]!
    const ask = async (script: Job['script']) => {
      const { code, stdout, stderr } = await exchange({ script })
      if (code !== 0) throw new Error(`${script.shown}\n${decode(stdout)}${decode(stderr)}`)
      return decode(stdout)
    }
    return {
      run: ({ script, stdin }: Job) =>
        exchange({ script: sh`CANARY=${canary} exec ${shell} -c ${script.text}`, ...(stdin !== undefined && { stdin }) }),
      root: '/nowhere/the-host-is-elsewhere',
      inside: '',
      watch: async () => {
        // Whatever is written to a file, its owner or its mode changes its ctime; what goes or comes, its directory's.
        const stamp = `/run/${randomUUID()}`
        await ask(sh`: >${stamp}; sleep 0.02`)
        return async () => {
          const changed = await ask(sh`find /etc /usr /var /home /root /srv /opt -cnewer ${stamp}; rm -f ${stamp}`)
          return changed.split('\n').filter((path) => path !== '' && !own.some((folder) => path.startsWith(folder)))
        }
      },
      canaryRan: async () => (await ask(sh`if [ -e ${canary} ]; then echo yes; fi`)) !== '',
      close: async () => {},
    }
  }
  return { name, open }
}

/** The shells of a host, as its own package manager brings them. */
export const hostShells = { dash: ['dash'], bash: ['bash', '--posix'], busybox: ['busybox', 'sh'] } as const
