// Checks README.md, CONTRIBUTING.md, CHANGELOG.md and docs/: TypeScript blocks compile, blocks that show a file of the
// project are that file, links lead somewhere, generated pages are current. Prints file:line and fails.
//
//   ```ts                       a whole file, type-checked
//   ```ts playbooks/site.ts     the same, under a name that other blocks of the page can import; if the project has a file
//                               of this name, the block must be equal to it
//   ```ts fragment              not checked
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { staleCommandsDoc } from './commands-doc.mjs'
import { staleModulesDoc } from './modules-doc.mjs'
import { pagesOf } from './pages.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const work = join(root, '.rollcall/docs')
const folders = ['inventory', 'modules', 'playbooks', 'templates']
const problems = []
const totals = { compiled: 0, same: 0, fragments: 0, links: 0 }

const pages = pagesOf(root)

/** Fenced blocks of a page; `line` is that of the opening fence, from 1. */
function blocksOf(lines) {
  const blocks = []
  let open
  for (const [index, line] of lines.entries()) {
    const fence = /^```(\S*)\s*(.*)$/.exec(line)
    if (open === undefined && fence) open = { line: index + 1, language: fence[1], about: fence[2].trim(), code: [] }
    else if (open !== undefined && line === '```') {
      blocks.push(open)
      open = undefined
    } else open?.code.push(line)
  }
  if (open !== undefined) blocks.push(open)
  return blocks
}

function checkCode(page, blocks) {
  const chosen = blocks.filter(({ language }) => language === 'ts' || language === 'eta')
  const files = []
  for (const { line, language, about, code } of chosen) {
    const text = `${code.join('\n')}\n`
    if (about === 'fragment') {
      totals.fragments += 1
      continue
    }
    const name = about || `playbooks/block-${line}.ts`
    if (about !== '' && existsSync(join(root, name))) {
      totals.same += 1
      if (readFileSync(join(root, name), 'utf8') !== text) problems.push(`${page}:${line}: this block is not what ${name} holds`)
    } else if (language === 'ts' || about !== '') files.push({ name, line, text })
  }
  const checked = files.filter(({ name }) => name.endsWith('.ts'))
  if (checked.length === 0) return
  totals.compiled += checked.length
  const folder = join(work, page.replaceAll(/[^A-Za-z0-9]+/g, '-'))
  for (const { name, text } of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  // What the project has and the page does not show stands beside the blocks.
  for (const top of folders) {
    mkdirSync(join(folder, top), { recursive: true })
    for (const entry of readdirSync(join(root, top)))
      if (!existsSync(join(folder, top, entry))) symlinkSync(join(root, top, entry), join(folder, top, entry))
  }
  const inventory = checked.find(({ name }) => name.startsWith('inventory/'))
  const settings = {
    extends: relative(folder, join(root, 'tsconfig.json')),
    compilerOptions: inventory ? { paths: { '#inventory': [`./${inventory.name}`] } } : {},
    files: checked.map(({ name }) => name),
    include: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const compiler = join(root, 'node_modules/.bin/tsc')
  const { stdout, status, error } = spawnSync(compiler, ['-p', 'tsconfig.json', '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
  if (error) throw error
  let found = false
  for (const text of stdout.split('\n')) {
    const [, file, line, message] = /^(.+?)\((\d+),\d+\): (.*)$/.exec(text) ?? []
    const block = checked.find(({ name }) => name === file)
    if (message !== undefined) problems.push(block ? `${page}:${block.line + Number(line)}: ${message}` : `${page}: ${text}`)
    else if (text.trim() !== '') problems.push(`  ${text}`)
    found ||= text.trim() !== ''
  }
  if (status !== 0 && !found) problems.push(`${page}: the compiler ended with ${status} and said nothing`)
}

const slug = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

function headingsOf(file) {
  let fenced = false
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('```')) fenced = !fenced
      const heading = /^#+ (.*)$/.exec(line)
      return heading && !fenced ? [slug(heading[1])] : []
    })
}

function checkLinks(page, lines) {
  let fenced = false
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('```')) fenced = !fenced
    if (fenced) continue
    for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      totals.links += 1
      const [path, anchor] = target.split('#')
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
      if (!existsSync(file)) problems.push(`${page}:${index + 1}: there is no ${target}`)
      else if (anchor !== undefined && !headingsOf(file).includes(anchor))
        problems.push(`${page}:${index + 1}: ${path || page} has no heading #${anchor}`)
    }
  }
}

rmSync(work, { recursive: true, force: true })
for (const page of pages) {
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  checkCode(page, blocksOf(lines))
  checkLinks(page, lines)
}
for (const stale of await Promise.all([staleModulesDoc(), staleCommandsDoc()])) if (stale !== undefined) problems.push(stale)
for (const problem of problems) process.stdout.write(`${problem}\n`)
process.stdout.write(
  `${pages.length} pages: ${totals.compiled} blocks compiled, ${totals.same} equal to their file, ${totals.fragments} fragments, ${totals.links} links; ${problems.length} problems\n`,
)
process.exitCode = problems.length === 0 ? 0 : 1
