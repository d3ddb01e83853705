// Runs the console blocks of README.md and docs/ and compares what they print with what the page shows. With --write the
// pages are corrected instead. Names of pages as arguments: those alone.
//
//   ```console            commands after `$ `, and their output. A block without any output only has to succeed.
//   …                     alone on a line: any lines
//   ?                     alone on a line, for --write: put the output here
//   <!-- $ command -->    runs at this place and is not shown; it must succeed
//   <!-- $> command -->   its output is the block below, which shows no command
//   <!-- lab: none -->    the page needs no lab
//
// For such commands there are `put FILE LINE TEXT`, which replaces a line of a file, and `restore FILE`.
//
// Each page has a copy of the project and a fresh lab of its own, and its blocks are run from the top to the bottom. A block
// that names a file (```ts playbooks/first.ts) is written to the copy when it is reached. Times, dates, sizes,
// keys, widths of columns and the order of hosts are not compared.
import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pagesOf } from './pages.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const copied = ['inventory', 'playbooks', 'modules', 'templates', 'package.json', 'tsconfig.json']
const linked = ['src', 'dist', 'node_modules', 'scripts', 'rollcall']
const limitMs = 300_000

const tools = {
  put: 'T=$3 awk -v n="$2" \'NR == n { print ENVIRON["T"]; next } { print }\' "$1" >"$1.new"\nmv "$1.new" "$1"',
  restore: `cp '${root}'/"$1" "$1"`,
}

/** The page as what happens from the top to the bottom: files to write, commands to run, blocks to compare. */
function stepsOf(lines) {
  const steps = []
  let source
  for (let index = 0; index < lines.length; index++) {
    const hidden = /^<!-- \$ (.*) -->$/.exec(lines[index])
    if (hidden) steps.push({ kind: 'hidden', line: index + 1, command: hidden[1] })
    source = /^<!-- \$> (.*) -->$/.exec(lines[index])?.[1] ?? source
    const fence = /^```(\S+)\s*(.*)$/.exec(lines[index])
    if (!fence) continue
    const from = index + 1
    index = lines.indexOf('```', from)
    if (index === -1) throw new Error(`line ${from}: the block is not closed`)
    const body = lines.slice(from, index)
    const [, language, about] = fence
    if (language === 'console') {
      const commands = source === undefined ? commandsOf(body, from) : [{ line: from, shown: [], command: source, output: body }]
      steps.push({ kind: 'console', from, to: index, commands })
      source = undefined
    } else if (about.includes('/') || about.includes('.')) steps.push({ kind: 'file', name: about, text: `${body.join('\n')}\n` })
  }
  return steps
}

function commandsOf(body, from) {
  const commands = []
  for (const [index, line] of body.entries()) {
    const last = commands.at(-1)
    if (last?.open) {
      last.shown.push(line)
      last.command += `\n${line}`
      last.open = line.endsWith('\\')
    } else if (line.startsWith('$ '))
      commands.push({ line: from + index + 1, shown: [line], command: line.slice(2), open: line.endsWith('\\'), output: [] })
    else if (last) last.output.push(line)
    else throw new Error(`line ${from + index + 1}: a console block begins with a command ($ …)`)
  }
  return commands
}

function openProject(page) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-page-'))
  const project = join(folder, 'project')
  mkdirSync(project)
  for (const name of copied) cpSync(join(root, name), join(project, name), { recursive: true })
  for (const name of linked) symlinkSync(join(root, name), join(project, name))
  for (const name of ['bin', 'home', 'state']) mkdirSync(join(folder, name))
  symlinkSync(join(root, 'rollcall'), join(folder, 'bin/rollcall'))
  for (const [name, script] of Object.entries(tools))
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\nset -eu\n${script}\n`, { mode: 0o755 })
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    HOME: join(folder, 'home'),
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    ROLLCALL_LAB: `page-${page.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}-${process.pid}`.slice(-40),
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
  }
  return { folder, project, env }
}

function run(command, { project, env }, previous = 0) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `exec 2>&1\n(exit ${previous})\n${command}`], {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const timer = setTimeout(() => child.kill(), limitMs)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({
        code: code ?? 1,
        lines: output === '' ? [] : output.replaceAll(`${project}/`, '').replaceAll(env.HOME, '/home/me').replace(/\n$/, '').split('\n'),
      })
    })
  })
}

/** A line without what differs from run to run. */
function comparable(line) {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?/g, '<date>')
    .replaceAll(/\b\d+(\.\d+)? (ms|s|min|h|d)\b/g, '<time>')
    .replaceAll(/\b\d+(\.\d+)? (bytes|B|kB|KiB|MB|MiB|GB|GiB)\b/g, '<size>')
    .replaceAll(/\b(page|docs)-[a-z0-9-]+/g, '<lab>')
    .replaceAll(/\b[0-9a-f]{16}\b/g, '<nonce>')
    .replaceAll(/\bage1[0-9a-z]{58}\b/g, '<public key>')
    .replaceAll(/\(\d+\)/g, '(<number>)')
    .replaceAll(/\b\d+\.\d+\.\d+-\d+\S*/g, '<package>')
    .replaceAll(/\s+/g, ' ')
    .trimEnd()
}

/** Whether lines are as shown; `…` stands for any. */
function same(shown, lines) {
  const at = shown.indexOf('…')
  const equal = (left, right) => left.length === right.length && left.every((line, index) => comparable(line) === comparable(right[index]))
  // Hosts answer in any order.
  if (at === -1) return equal(shown, lines) || equal(shown.toSorted(), lines.toSorted())
  if (!equal(shown.slice(0, at), lines.slice(0, at))) return false
  const rest = shown.slice(at + 1)
  for (let from = at; from <= lines.length; from++) if (same(rest, lines.slice(from))) return true
  return false
}

async function checkPage(page, write) {
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  const problems = []
  let steps = []
  try {
    steps = stepsOf(lines)
  } catch (error) {
    problems.push(`${page}: ${error.message}`)
  }
  const blocks = steps.filter(({ kind }) => kind === 'console')
  if (blocks.length === 0) return { page, blocks: 0, problems }
  const needsLab = !lines.includes('<!-- lab: none -->')
  const world = openProject(page)
  const corrected = new Map()
  let previous = 0
  try {
    if (needsLab) {
      const up = await run('rollcall lab up', world)
      if (up.code !== 0) throw new Error(`the lab did not start\n${up.lines.join('\n')}`)
    }
    for (const step of steps) {
      if (step.kind === 'file') {
        // Those are the project's own.
        if (linked.includes(step.name.split('/')[0])) continue
        mkdirSync(dirname(join(world.project, step.name)), { recursive: true })
        writeFileSync(join(world.project, step.name), step.text)
        continue
      }
      if (step.kind === 'hidden') {
        const { code, lines: said } = await run(step.command, world)
        if (code !== 0) problems.push(`${page}:${step.line}: ${step.command} ended with ${code}\n${said.join('\n')}`)
        continue
      }
      const silent = step.commands.every(({ output }) => output.length === 0)
      for (const one of step.commands) {
        const { code, lines: said } = await run(one.command, world, previous)
        previous = code
        if (silent && code !== 0) problems.push(`${page}:${one.line}: ${one.command} ended with ${code}\n${said.join('\n')}`)
        if (silent || same(one.output, said)) continue
        if (write) one.output = said
        else problems.push(`${page}:${one.line}: ${one.command}\n  shown:\n${indent(one.output)}\n  printed:\n${indent(said)}`)
      }
      if (write && !silent) corrected.set(step.from, { ...step, body: step.commands.flatMap(({ shown, output }) => [...shown, ...output]) })
    }
  } catch (error) {
    problems.push(`${page}: ${error.message}`)
  } finally {
    if (needsLab) await run('rollcall lab down', world)
    rmSync(world.folder, { recursive: true, force: true })
  }
  if (write) {
    for (const { from, to, body } of [...corrected.values()].sort((left, right) => right.from - left.from))
      lines.splice(from, to - from, ...body)
    writeFileSync(join(root, page), lines.join('\n'))
  }
  return { page, blocks: blocks.length, problems }
}

const indent = (lines) => lines.map((line) => `    ${line}`).join('\n')

// Builds what is stale, so that every page is run by the same build.
await promisify(execFile)(join(root, 'rollcall'), ['--version'])
const args = process.argv.slice(2)
const write = args.includes('--write')
const named = args.filter((arg) => !arg.startsWith('--'))
const pages = named.length > 0 ? named : pagesOf(root)
let failed = 0
let blocks = 0
const queue = [...pages]
// Two at a time: a page waits for its hosts most of the time.
await Promise.all(
  [1, 2].map(async () => {
    for (let page = queue.shift(); page !== undefined; page = queue.shift()) {
      const result = await checkPage(page, write)
      blocks += result.blocks
      failed += result.problems.length
      for (const problem of result.problems) process.stdout.write(`${problem}\n`)
    }
  }),
)
process.stdout.write(`${blocks} console blocks run, ${failed} problems\n`)
process.exitCode = failed === 0 ? 0 : 1
