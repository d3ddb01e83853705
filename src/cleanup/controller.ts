import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { connectionsFolder, showConnections } from '../connections.ts'
import { findProject, listInventories, type Project } from '../load/project.ts'
import { RollcallError } from '../model/errors.ts'
import { allJournals, inventoryIdOf, journalsOf, sourcesFolder, userCacheDir, userStateDir } from '../store/index.ts'
import { ownRoot } from '../util/own-root.ts'
import type { Kept } from './kept.ts'
import { isRollcallOf, otherProcesses, type SeenProcess } from './processes.ts'
import { lostAbout, pendingAbout, unpackedAbout } from './records.ts'

type Found = Omit<Kept, 'bytes' | 'ageSeconds'>

/** All that Rollcall keeps on this machine for this user, and for the project of `root` where that is in one. */
export async function keptHere(root: string): Promise<readonly Kept[]> {
  return Promise.all((await find(root)).map(async (item) => ({ ...item, ...(await sizeAndAge(item.path)) })))
}

/**
 * Removes what was found, but for what is used by now.
 * @throws RollcallError where something cannot be removed.
 */
export async function removeHere(root: string, items: readonly Kept[]): Promise<void> {
  const unused = new Set((await find(root)).filter(({ inUse }) => inUse === undefined).map(({ path }) => path))
  for (const { path } of items.filter((item) => unused.has(item.path))) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch (cause) {
      throw new RollcallError(
        { summary: 'What Rollcall keeps could not be removed', detail: (cause as Error).message, fix: `See who may:\nls -ld ${path}` },
        { cause },
      )
    }
  }
}

async function find(root: string): Promise<readonly Found[]> {
  const processes = otherProcesses()
  const project = projectOf(root)
  const running = processes.find(isRollcallOf(userStateDir(), project?.root))
  const use = running === undefined ? {} : { inUse: `a rollcall is at work (process ${running.pid})` }
  return [
    ...facts(project, use),
    ...sources(project, use),
    ...runs(project, use),
    ...compiled(project, use),
    ...builds(processes),
    ...(await labs()),
    ...records(use),
    ...connections(),
  ]
}

/** Those that are open are ended by a command of their own. */
function connections(): Found[] {
  const path = connectionsFolder()
  if (path === undefined) return []
  const open = showConnections().length
  const inUse = `${open === 1 ? 'a connection is' : `${open} connections are`} open: rollcall connections close --all`
  return [{ kind: 'connections', path, about: 'sockets and records of kept connections', ...(open > 0 && { inUse }) }]
}

/** Of plays whose connection is local, and of tasks that others delegate to this machine. */
function records(use: Use): Found[] {
  const own = process.getuid?.() === 0 ? '/var/lib' : join(homedir(), '.local/state')
  const pending = join(own, 'rollcall/pending')
  const lost = join(own, 'rollcall/lost')
  const unpacked = join(process.env.XDG_STATE_HOME || own, 'rollcall/unarchive')
  const named = (folder: string, names: RegExp) => entries(folder).filter((name) => names.test(name))
  return [
    ...named(lost, /^[0-9a-f]{32}\.1$/).map((name): Found => {
      const path = join(lost, name)
      return { kind: 'lost', path, about: lostAbout(readFileSync(path, 'utf8').split('\n')[0] ?? ''), ...use }
    }),
    ...named(pending, /^[0-9a-f]{24}\.1$/).map((name): Found => {
      const path = join(pending, name)
      return { kind: 'pending', path, about: pendingAbout(readFileSync(path, 'utf8').split('\n')[0] ?? ''), ...use }
    }),
    ...named(unpacked, /^[0-9a-f]{24}$/).map(
      (name): Found => ({ kind: 'records', path: join(unpacked, name), about: unpackedAbout, ...use }),
    ),
  ]
}

function projectOf(root: string): Project | undefined {
  try {
    return findProject(root)
  } catch (error) {
    if (error instanceof RollcallError) return undefined
    throw error
  }
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

interface Use {
  readonly inUse?: string
}

/** Names of the project's inventories by the ids that stand for them. */
function inventoryNames(project: Project | undefined): ReadonlyMap<string, string> {
  const names = project === undefined ? [] : listInventories(project)
  return new Map(names.map((name) => [inventoryIdOf(join(project!.inventories, `${name}.ts`)), name]))
}

/** Answers of sources, a file each. */
function sources(project: Project | undefined, use: Use): Found[] {
  const known = inventoryNames(project)
  return entries(sourcesFolder()).map((file) => {
    const name = known.get(file.split('.')[0]!)
    return { kind: 'sources', path: join(sourcesFolder(), file), about: `what a source of ${name ?? 'another inventory'} has told`, ...use }
  })
}

function facts(project: Project | undefined, use: Use): Found[] {
  const folder = join(userStateDir(), 'facts')
  const known = inventoryNames(project)
  return entries(folder).map((id) => ({
    kind: 'facts',
    path: join(folder, id),
    about: known.has(id) ? `what is remembered of the hosts of ${known.get(id)}` : 'what is remembered of the hosts of another inventory',
    ...use,
  }))
}

/** Journals of a project are removed together. */
function runs(project: Project | undefined, use: Use): Found[] {
  const own = project === undefined ? undefined : journalsOf(project.root)
  return entries(allJournals()).map((id) => {
    const path = join(allJournals(), id)
    const of = count(entries(path).filter((name) => name.endsWith('.jsonl')).length, 'run')
    return { kind: 'runs', path, about: `what happened in ${of} of ${path === own ? 'this' : 'another'} project`, ...use }
  })
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function compiled(project: Project | undefined, use: Use): Found[] {
  const folders = [
    { path: join(userCacheDir(), 'strip'), about: 'playbooks and inventories without their types' },
    ...(project === undefined
      ? []
      : [
          { path: join(project.root, '.rollcall/type-check'), about: 'verdicts of the compiler' },
          { path: join(project.root, '.rollcall/templates'), about: 'templates as the compiler reads them' },
        ]),
  ]
  return folders.filter(({ path }) => existsSync(path)).map((folder) => ({ kind: 'compiled', ...folder, ...use }))
}

/** The current build always stays; so does one that a process runs from, and while a lab runs from this clone, all. */
function builds(processes: readonly SeenProcess[]): Found[] {
  const dist = join(ownRoot(), 'dist')
  const record = join(dist, '.built')
  const current = existsSync(record) ? readFileSync(record, 'utf8').split('\n')[0] : undefined
  return entries(dist)
    .filter((name) => /^([0-9a-f]{16}|\.building-\d+)$/.test(name))
    .map((name): Found => {
      const path = join(dist, name)
      const user = processes.find(
        ({ pid, argv }) =>
          argv.some((word) => word.startsWith(`${path}/`) || word.startsWith(`${dist}/lab-`)) || name === `.building-${pid}`,
      )
      const inUse = name === current ? 'it is the current build' : user === undefined ? undefined : `process ${user.pid} runs from it`
      return {
        kind: 'builds',
        path,
        about: name === current ? 'the build of Rollcall' : 'an older build of Rollcall',
        ...(inUse !== undefined && { inUse }),
      }
    })
}

async function labs(): Promise<Found[]> {
  const lab = await import('../lab/index.ts')
  const folder = lab.statesFolder()
  const names = entries(folder).filter((name) => lstatSync(join(folder, name)).isDirectory())
  const states = names.map((name): Found => {
    const up = lab.status({ name }) !== undefined
    const starting = lab.isLocked(join(folder, `${name}.lock`))
    return {
      kind: 'lab',
      path: join(folder, name),
      about: `the state of lab ${name}`,
      ...(up ? { inUse: 'the lab is up' } : starting && { inUse: 'the lab is starting' }),
    }
  })
  const busy = states.find(({ inUse }) => inUse !== undefined)
  const cache = lab.cacheFolder()
  const images = entries(cache)
    .filter((name) => /^image-[0-9a-f]+(\.unfinished)?$/.test(name))
    .map((name): Found => {
      const inUse = busy
        ? 'a lab is up'
        : lab.isLocked(join(cache, `${name.replace('.unfinished', '')}.lock`))
          ? 'it is being built'
          : undefined
      const about = name.endsWith('.unfinished') ? 'a lab image whose building was cut off' : 'a lab image; building it takes minutes'
      return { kind: 'images', path: join(cache, name), about, ...(inUse !== undefined && { inUse }) }
    })
  return [...states, ...images]
}

/** By `du`, which walks a lab image of many thousand files fastest, and counts what the disk has of it. */
async function sizeAndAge(path: string): Promise<{ bytes: number; ageSeconds: number }> {
  const kb = await new Promise<number>((resolve) =>
    // Its exit code tells only that a file went away meanwhile.
    execFile('du', ['-skx', path], (_, stdout) => resolve(Number.parseInt(stdout, 10) || 0)),
  )
  const changed = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  return { bytes: kb * 1024, ageSeconds: Math.max(0, Math.floor((Date.now() - changed) / 1000)) }
}
