// What runs cost, beside a hand-written script over ssh and beside Ansible: `npm run bench -- --help`. The programs of the
// benchmark are TypeScript and use the lab's own means, so they are bundled first; the bundle goes when they have ended.
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, bundle } from './build.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, '.rollcall', `bench-${process.pid}`)
// However this ends, Ctrl-C included: main.ts turns signals into exits.
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

await build(root, { progress: (text) => process.stderr.write(`bench: ${text}\n`) })
await bundle(root, folder, {
  main: 'scripts/bench/main.ts',
  proxy: 'scripts/bench/proxy.ts',
  handshake: 'scripts/bench/handshake.ts',
})
const { main } = await import(pathToFileURL(join(folder, 'main.js')).href)
process.exit(await main({ root, programs: folder, args: process.argv.slice(2) }))
