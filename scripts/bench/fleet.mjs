// A simulated fleet: what the engine itself costs with many hosts, without any network. node scripts/bench/fleet.mjs [--one] [hosts..]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../build.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Runs each size in a process of its own and gives what it printed. */
export async function measureFleet(sizes = [500, 5000], part = 'all') {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-fleet-'))
  // Below dist, since what stays in node_modules is looked for above the program.
  const built = join(root, 'dist', `.bench-${process.pid}`)
  try {
    await bundle(root, built, { fleet: 'scripts/bench/fleet-run.ts' })
    const found = []
    for (const size of sizes)
      found.push(JSON.parse(await output([join(built, 'fleet.js'), String(size), folder, join(root, 'scripts/bench'), part])))
    return found
  } finally {
    for (const path of [folder, built]) rmSync(path, { recursive: true, force: true })
  }
}

async function output(argv) {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (data) => (text += data))
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}`)
  return text
}

/** A row for each figure, the last column how it grows. */
export function fleetTable(found) {
  const [small, large] = [found[0], found.at(-1)]
  const keys = Object.keys(small).filter((key) => key !== 'hosts')
  const row = (cells) => `| ${cells.join(' | ')} |`
  return [
    row(['figure', ...found.map(({ hosts }) => `${hosts} hosts`), 'growth']),
    row(['---', ...found.map(() => '---'), '---']),
    ...keys.map((key) => row([key, ...found.map((each) => each[key]), `${(large[key] / Math.max(1, small[key])).toFixed(1)} ×`])),
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2)
  const sizes = words.filter((word) => word !== '--one').map(Number)
  // With --one only what a run on one host costs, whatever the others do.
  const found = await measureFleet(sizes.length > 0 ? sizes : undefined, words.includes('--one') ? 'one' : 'all')
  for (const each of found) process.stdout.write(`${JSON.stringify(each)}\n`)
  process.stdout.write(`${fleetTable(found)}\n`)
}
