import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { run } from './process.ts'
import { toolEnvironment } from './tools.ts'
import type { ToyPackage } from './toy-packages.ts'

async function dpkgDeb(args: readonly string[]): Promise<string> {
  const result = await run(['dpkg-deb', ...args], { env: toolEnvironment() })
  if (result.code === 0) return result.stdout.toString()
  throw new RollcallError({
    summary: 'The program dpkg-deb failed',
    detail: `dpkg-deb ${args.join(' ')}\n${result.stderr.toString().trim()}`,
  })
}

/** Makes one toy package in `folder`. */
export async function buildToy(toy: ToyPackage, folder: string): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), 'rollcall-toy-'))
  const put = async (path: string, content: string, mode: number) => {
    const file = join(tree, path)
    await mkdir(dirname(file), { recursive: true, mode: 0o755 })
    await writeFile(file, content, { mode })
  }
  try {
    const control = `Package: ${toy.name}\nVersion: ${toy.version}\nArchitecture: all\nMaintainer: Rollcall lab <lab@localhost>\nDescription: ${toy.description}\n`
    await put('DEBIAN/control', control, 0o644)
    if (toy.conffiles.length > 0) await put('DEBIAN/conffiles', `${toy.conffiles.join('\n')}\n`, 0o644)
    for (const [name, script] of Object.entries(toy.scripts)) await put(`DEBIAN/${name}`, script, 0o755)
    for (const [path, content] of Object.entries(toy.files)) await put(path, content, path.startsWith('/usr/bin/') ? 0o755 : 0o644)
    // mkdtemp makes 0700, and the package's root directory would be installed with it.
    await run(['chmod', '0755', tree])
    await dpkgDeb(['--root-owner-group', '-Zgzip', '-b', tree, join(folder, `${toy.name}_${toy.version}_all.deb`)])
  } finally {
    await rm(tree, { recursive: true, force: true })
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Writes the index of all packages in `folder`, every version of each: a flat repository, as apt reads it from `./`. */
export async function indexRepository(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.deb')).sort()
  const stanzas: string[] = []
  for (const name of files) {
    const bytes = await readFile(join(folder, name))
    const fields = (await dpkgDeb(['-f', join(folder, name)])).trim()
    stanzas.push(`${fields}\nFilename: ./${name}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`)
  }
  const packages = Buffer.from(stanzas.join('\n'))
  const release = [
    'Origin: Rollcall lab',
    'Label: Rollcall lab',
    'Suite: lab',
    `Date: ${new Date().toUTCString()}`,
    'SHA256:',
    ` ${sha256(packages)} ${packages.length} Packages`,
    '',
  ].join('\n')
  await writeFile(join(folder, 'Packages'), packages)
  await writeFile(join(folder, 'Release'), release)
}
