import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { withLock } from '../util/lock.ts'
import { aptTransport, debianSources } from './apt-sources.ts'
import { cacheFolder, labScript } from './paths.ts'
import { run } from './process.ts'
import { guardedPassword, recipe, recipeHash } from './recipe.ts'
import { buildToy, indexRepository } from './repository.ts'
import { imageTools, installTools, toolEnvironment } from './tools.ts'
import { toyPackages } from './toy-packages.ts'
import type { Progress } from './types.ts'

/** What all hosts of all labs share, read-only. */
export interface LabImage {
  /** A Debian system, the lower layer of each host's disk. */
  readonly root: string
  /** A folder of packages with its index, served to the hosts. */
  readonly repository: string
}

function imageAt(folder: string): LabImage {
  return { root: join(folder, 'root'), repository: join(folder, 'repository') }
}

async function bootstrap(image: LabImage, scratch: string, progress: Progress): Promise<void> {
  progress(`finding this machine's Debian sources`)
  const sources = await debianSources(recipe.codename)
  const mirrors = Object.entries(sources).filter(([, text]) => text !== '')
  for (const [format, text] of mirrors) await writeFile(join(scratch, `debian.${format}`), `${text}\n`)
  await writeFile(join(scratch, 'apt.conf'), `${await aptTransport()}\nAcquire::Languages "none";\nAPT::Install-Recommends "false";\n`)
  await writeFile(join(scratch, 'dpkg.cfg'), `force-unsafe-io\n${recipe.excludedPaths.map((path) => `path-exclude=${path}\n`).join('')}`)
  const argv = [
    // Namespaces of its own, ended with this process however that ends: no build goes on unseen, no mount stays.
    ...['setpriv', '--pdeathsig=KILL', '--', 'unshare', '--fork', '--kill-child', '--pid', '--mount-proc', '--'],
    'mmdebstrap',
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    '--skip=check/signed-by',
    `--include=${recipe.packages.join(',')}`,
    `--aptopt=${join(scratch, 'apt.conf')}`,
    `--dpkgopt=${join(scratch, 'dpkg.cfg')}`,
    `--customize-hook=${labScript('image-customize')}`,
    recipe.codename,
    image.root,
    ...mirrors.map(([format]) => join(scratch, `debian.${format}`)),
  ]
  const env = toolEnvironment({ PASSWORD: guardedPassword, DOWNLOADS: image.repository, OFFER: recipe.offer.join(' ') })
  const said: string[] = []
  const result = await run(argv, {
    env,
    onLine: (line) => {
      said.push(line)
      const stage = /^I: (.*)/.exec(line)?.[1]
      if (stage !== undefined && !/^(automatically|skipping|success)/.test(stage)) progress(`lab image: ${stage}`)
    },
  })
  if (result.code === 0) return
  throw new RollcallError({
    summary: `The image of the lab's hosts could not be built`,
    detail: said.slice(-25).join('\n'),
    fix: `Building needs root, about 500 MB of disk and this machine's Debian mirror. Check that apt itself works:\napt-get update`,
  })
}

async function build(folder: string, progress: Progress): Promise<void> {
  await installTools(imageTools, progress)
  // Beside its final place, so that the rename is atomic.
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o755 })
  const scratch = join(unfinished, 'scratch')
  await mkdir(scratch)
  const image = imageAt(unfinished)
  await mkdir(image.repository)
  await bootstrap(image, scratch, progress)
  progress(`lab image: making the hosts' package repository`)
  for (const toy of toyPackages) await buildToy(toy, image.repository)
  await indexRepository(image.repository)
  await rm(scratch, { recursive: true })
  await rename(unfinished, folder)
}

/**
 * The image of the current recipe, built now when this machine has none yet: a minute or two and about 30 MB of
 * downloads, once. Two that ask at the same time get one build.
 */
export async function ensureImage(progress: Progress): Promise<LabImage> {
  const folder = join(cacheFolder(), `image-${recipeHash()}`)
  if (existsSync(folder)) return imageAt(folder)
  await mkdir(cacheFolder(), { recursive: true, mode: 0o700 })
  await withLock(
    `${folder}.lock`,
    () => progress('waiting: another process is building the lab image'),
    async () => {
      if (existsSync(folder)) return
      progress(`building the image of the lab's hosts (once, about 2 minutes)`)
      await build(folder, progress)
      await removeLeftovers(folder)
    },
  )
  return imageAt(folder)
}

/** A build that was killed leaves its folder; the next one, of whatever recipe, removes it. */
async function removeLeftovers(keep: string): Promise<void> {
  for (const name of await readdir(cacheFolder())) {
    const path = join(cacheFolder(), name)
    const locked = existsSync(path.replace(/unfinished$/, 'lock'))
    if (name.endsWith('.unfinished') && !locked && !path.startsWith(keep)) await rm(path, { recursive: true, force: true })
  }
}
