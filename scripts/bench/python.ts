import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aptTransport, debianSources } from '../../src/lab/apt-sources.ts'
import { ensureImage } from '../../src/lab/index.ts'
import { run } from '../../src/lab/process.ts'
import { recipe } from '../../src/lab/recipe.ts'
import { toolEnvironment } from '../../src/lab/tools.ts'
import type { BenchHost, Hosts } from './hosts.ts'
import type { Scratch } from './scratch.ts'

/** What Ansible needs on a host: an interpreter, and for its module `apt` the bindings. */
const needed = ['python3', 'python3-apt']

async function must(argv: readonly string[]): Promise<Buffer> {
  const { code, stdout, stderr } = await run(argv, { env: toolEnvironment({ DEBIAN_FRONTEND: 'noninteractive' }) })
  if (code === 0) return stdout
  throw new Error(`the packages that Ansible needs on hosts could not be fetched\n${argv.join(' ')}\n${stderr}`)
}

/**
 * Puts Python on hosts as Debian installs it. The lab's image has none, on purpose, and its repository offers none: the
 * machine's apt fetches what the image lacks, as if it stood there, and the hosts' own apt installs it.
 */
export async function installPython(
  hosts: Hosts,
  chosen: readonly BenchHost[],
  scratch: Scratch,
  say: (line: string) => void,
): Promise<void> {
  say('python3 on the hosts, for Ansible')
  const folder = scratch.make('python')
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'parts']) mkdirSync(join(folder, path), { recursive: true })
  const { list, sources } = await debianSources(recipe.codename)
  if (list !== '') writeFileSync(join(folder, 'parts', 'debian.list'), `${list}\n`)
  if (sources !== '') writeFileSync(join(folder, 'parts', 'debian.sources'), `${sources}\n`)
  writeFileSync(join(folder, 'apt.conf'), `${await aptTransport()}\nAcquire::Languages "none";\n`)
  const { root } = await ensureImage(() => {})
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(root, 'var/lib/dpkg/status'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(folder, 'parts'),
    'APT::Sandbox::User': 'root',
  }
  const apt = [
    'apt-get',
    '-c',
    join(folder, 'apt.conf'),
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
  ]
  await must([...apt, 'update'])
  await must([...apt, 'install', '--yes', '--download-only', '--no-install-recommends', ...needed])
  const archives = join(folder, 'cache/archives')
  const packages = await must(['tar', '-C', archives, '-cf', '-', ...readdirSync(archives).filter((name) => name.endsWith('.deb'))])
  const install = `set -e
[ ! -x /usr/bin/python3 ] || exit 0
mkdir -p /tmp/python
tar -xf - -C /tmp/python
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -o DPkg::Options::=--force-unsafe-io /tmp/python/*.deb
rm -rf /tmp/python`
  await hosts.inside(chosen, install, packages)
}
