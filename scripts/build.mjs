// Bundles src/ into dist/<hash of the sources>/ and points dist/*.js at it. A new build never overwrites the files of
// an older one, because a process that runs from it may still import its lazy chunks.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const entries = {
  cli: 'src/cli/main.ts',
  index: 'src/index.ts',
  testing: 'src/testing/index.ts',
  loader: 'src/load/hooks.ts',
  'lab-supervisor': 'src/lab/supervisor.ts',
  'lab-dialer': 'src/lab/dialer.ts',
}

/** Left in node_modules: they bring a native binary, read files beside their own code, or are required only when needed. */
const external = ['@swc/wasm-typescript', 'ajv', 'ajv-formats', 'esbuild', 'typescript', 'cpu-features', 'yargs', 'zx', '*.node']

/** For src/load/link-modules.ts: Node 20 has no hooks for imports but in a thread of their own. Newer versions need none. */
const flags =
  Number(process.versions.node.split('.')[0]) < 22
    ? '--experimental-vm-modules --experimental-import-meta-resolve --disable-warning=ExperimentalWarning'
    : ''

const keepBuildsFor = 24 * 60 * 60 * 1000

/** Hash of everything that decides what a build contains. */
export function hashSources(root) {
  const hash = createHash('sha256').update(process.version)
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const path of [...files, join(root, 'package.json'), join(root, 'package-lock.json'), join(root, 'scripts/build.mjs')])
    if (existsSync(path))
      hash
        .update(`${path.slice(root.length)}\0`)
        .update(readFileSync(path))
        .update('\0')
  return hash.digest('hex').slice(0, 16)
}

/** Makes dist current and returns the name of the build. Cheap when a build of the same sources is there. */
export async function build(root, { node = process.execPath, progress = () => {} } = {}) {
  const dist = join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  // A file changed while we build must look newer than the build; 50 ms cover the file system's coarse clock.
  const started = (Date.now() - 50) / 1000
  let hash = hashSources(root)
  for (let attempt = 0; attempt < 3 && !existsSync(join(dist, hash, 'cli.js')); attempt++) {
    progress('building')
    const temporary = join(dist, `.building-${process.pid}`)
    rmSync(temporary, { recursive: true, force: true })
    await bundle(root, temporary)
    const after = hashSources(root)
    if (after === hash || attempt === 2) {
      rmSync(join(dist, hash), { recursive: true, force: true })
      renameSync(temporary, join(dist, hash))
      break
    }
    hash = after
  }
  point(dist, hash)
  replace(join(dist, '.built'), `${hash}\n${node}\n${flags}\n`, started)
  removeOldBuilds(dist, hash)
  return hash
}

/** Bundles entries that exist into a folder; what they share is shared there too. */
export async function bundle(root, outdir, entryPoints = entries) {
  const { build } = await import('esbuild')
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entryPoints).filter(([, path]) => existsSync(join(root, path)))),
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external,
    sourcemap: 'linked',
    sourcesContent: false,
    // Names stay, so that a stack trace in a report of a fault can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent',
    // Dependencies written in CommonJS use require and __dirname, which a module does not have.
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __toPath } from 'node:url'; const require = __createRequire(import.meta.url), __dirname = __toPath(new URL('.', import.meta.url));`,
    },
  })
}

/** Points dist/cli.js and its siblings, which package.json's exports name, at the build. */
function point(dist, hash) {
  for (const name of Object.keys(entries))
    if (existsSync(join(dist, hash, `${name}.js`))) replace(join(dist, `${name}.js`), `export * from './${hash}/${name}.js'\n`)
}

function replace(path, text, modified) {
  if (modified === undefined && existsSync(path) && readFileSync(path, 'utf8') === text) return
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text)
  if (modified !== undefined) utimesSync(temporary, modified, modified)
  renameSync(temporary, path)
}

function removeOldBuilds(dist, current) {
  for (const name of readdirSync(dist)) {
    if (name === current || !/^([0-9a-f]{16}|\.building-\d+)$/.test(name)) continue
    const path = join(dist, name)
    if (Date.now() - statSync(path).mtimeMs > keepBuildsFor) rmSync(path, { recursive: true, force: true })
  }
}
