import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { shortPath } from '../load/code-frame.ts'
import type { Project } from '../load/project.ts'
import { tokensOf } from '../load/tokens.ts'
import { names } from './list.ts'
import type { Mention } from './request.ts'

/** Larger files are no lists of hosts. */
const most = 256 * 1024
const plainEndings = new Set(['', '.txt', '.limit', '.retry', '.hosts', '.list'])

/**
 * Where files of a project name a host or a group: in text between quotes, and in lists of hosts.
 * @param edited The files that were edited, which no longer do.
 */
export function mentionsOf(project: Project, name: string, edited: ReadonlySet<string>): readonly Mention[] {
  return filesIn(project.root).flatMap((path) => {
    if (edited.has(path)) return []
    const lines = path.endsWith('.ts') ? inCode(path, name) : plainEndings.has(extname(path)) ? inList(path, name) : []
    const within = (...folders: readonly string[]) => path.endsWith('.ts') && folders.some((folder) => path.startsWith(`${folder}/`))
    const { inventories, playbooks, modules, templates } = project
    const kind = within(playbooks, modules, templates) ? 'playbook' : within(inventories) ? 'inventory' : 'file'
    return lines.map((line) => ({ kind, at: `${shortPath(project.root, path)}:${line}` }) as const)
  })
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
    if (each.name.startsWith('.') || each.name === 'node_modules' || each.name === 'dist') return []
    const path = join(folder, each.name)
    return each.isDirectory() ? filesIn(path) : each.isFile() && statSync(path).size <= most ? [path] : []
  })
}

/** Comments name nothing. A template literal may hold a name as well. */
function inCode(path: string, name: string): readonly number[] {
  const source = readFileSync(path, 'utf8')
  if (!source.includes(name)) return []
  const found = tokensOf(source).filter(({ kind, text }) => (kind === 'text' || kind === 'opaque') && names(text, name))
  return [...new Set(found.map(({ start }) => source.slice(0, start).split('\n').length))]
}

/** One host, group or pattern a line, as `--limit @file` reads it. */
function inList(path: string, name: string): readonly number[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, at) =>
      line
        .replace(/#.*/, '')
        .trim()
        .split(/[,:&!\s]+/)
        .includes(name)
        ? [at + 1]
        : [],
    )
}
