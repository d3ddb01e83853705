// Brings a clone up to date: dependencies, then the build. Started by setup.sh, which holds the lock; uses nothing that
// is not in Node.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const say = (text) => process.stderr.write(`rollcall: ${text}\n`)

/** Whether node_modules holds what package-lock.json says, by npm's own record of what it installed. */
export function installed(folder) {
  const wanted = packagesIn(join(folder, 'package-lock.json'))
  const found = packagesIn(join(folder, 'node_modules/.package-lock.json'))
  if (wanted === undefined) return existsSync(join(folder, 'node_modules')) || folder.includes('/node_modules/')
  if (found === undefined) return false
  const differs = ([path, { version, optional, link }]) => {
    if (path === '' || link) return false
    // An optional package is absent when it is for another platform.
    return found[path] === undefined ? optional !== true : found[path].version !== version
  }
  return !Object.entries(wanted).some(differs) && Object.keys(found).every((path) => wanted[path] !== undefined)
}

function packagesIn(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

/** `npm ci`, silent unless it fails. No install scripts: nothing of ours needs them, and newer npms refuse them anyway. */
async function install() {
  say('installing dependencies (npm ci) …')
  // npm's record must not outlive what it records: an install that dies half-way would look whole to the next launch.
  forgetInstalled()
  const started = performance.now()
  const npm = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--prefer-offline', '--no-audit', '--no-fund']
  const output = []
  const child = spawn('npm', npm, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (data) => output.push(data))
  child.stderr.on('data', (data) => output.push(data))
  const ticking = setInterval(() => say(`still installing, ${seconds(started)} …`), 15_000)
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(`${error.message}\n`))
      resolve(127)
    })
    child.on('close', resolve)
  })
  clearInterval(ticking)
  if (code !== 0) {
    forgetInstalled()
    // npm says what is wrong first, and may print its whole help after it.
    const text = Buffer.concat(output).toString('utf8').trimEnd().split('\n').slice(0, 25)
    say(`installing dependencies failed (npm ci ended with ${code})\n${text.map((line) => `  ${line}`).join('\n')}`)
    say(`see what npm says above, then try again:\n  cd ${root} && npm ci --ignore-scripts`)
    process.exit(1)
  }
  say(`dependencies installed in ${seconds(started)}`)
}

function forgetInstalled() {
  rmSync(join(root, 'node_modules/.package-lock.json'), { force: true })
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

async function main() {
  if (!installed(root)) await install()
  const started = performance.now()
  const { build } = await import('./build.mjs')
  let building = false
  try {
    // The launcher compares this path with what it finds on PATH.
    await build(root, { node: process.env.ROLLCALL_NODE ?? process.execPath, progress: () => (building = true) })
  } catch (error) {
    say(`building failed\n${buildErrors(error)}`)
    process.exit(1)
  }
  if (building) say(`built in ${seconds(started)}`)
}

function buildErrors(error) {
  if (!Array.isArray(error.errors)) return `  ${error.stack ?? error}`
  const place = (at) => (at ? `${at.file}:${at.line}:${at.column + 1}\n    ${at.lineText}` : '')
  return error.errors.map((each) => `  ${each.text}\n    ${place(each.location)}`).join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
