// Bundles src/ into dist/<hash of the sources>/ and points dist/*.js at it. A new build never overwrites the files of
// an older one, because a process that runs from it may still import its lazy chunks.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** What users import and what they start: parts of one file, dist/<build>/rollcall.cjs, see src/boot/open-program.ts. */
const programParts = {
  cli: 'src/cli/main.ts',
  index: 'src/index.ts',
  testing: 'src/testing/index.ts',
}

/** What must be a module of Node's own: programs that Rollcall starts, and what Node loads in a thread. */
const entries = {
  loader: 'src/load/hooks.ts',
  resolver: 'src/load/resolver.ts',
  'lab-supervisor': 'src/lab/supervisor.ts',
  'lab-dialer': 'src/lab/dialer.ts',
}

/** Left in node_modules: they bring a native binary, read files beside their own code, or are required only when needed. */
const external = [
  '@swc/wasm-typescript',
  'acorn',
  'ajv',
  'ajv-formats',
  'esbuild',
  'typescript',
  'cpu-features',
  'yaml',
  'yargs',
  'zx',
  '*.node',
]

/** For src/load/link-modules.ts: Node 20 has no hooks for imports but in a thread of their own. Newer versions need none. */
export const flags =
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
  for (let attempt = 0; attempt < 3 && !existsSync(join(dist, hash, 'cli.cjs')); attempt++) {
    progress('building')
    const temporary = join(dist, `.building-${process.pid}`)
    rmSync(temporary, { recursive: true, force: true })
    await Promise.all([bundle(root, temporary).then(() => bundleProgram(root, temporary)), declare(root, join(temporary, 'types'))])
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

const options = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  external,
  sourcemap: 'linked',
  sourcesContent: false,
  // Names stay, so that a stack trace in a report of a fault can be read.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'silent',
}

const there = (root, paths) => Object.entries(paths).filter(([, path]) => existsSync(join(root, path)))

/** Bundles entries that exist into a folder; what they share is shared there too. */
export async function bundle(root, outdir, entryPoints = entries) {
  const { build } = await import('esbuild')
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(there(root, entryPoints)),
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    // Dependencies written in CommonJS use require and __dirname, which a module does not have.
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __toPath } from 'node:url'; const require = __createRequire(import.meta.url), __dirname = __toPath(new URL('.', import.meta.url));`,
    },
  })
}

/** ssh2 brings agents for HTTP over SSH. Nobody here uses them, and Node's http, https and tls would be loaded for them at each start. */
const withoutHttp = {
  name: 'without-http',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]ssh2[/\\]lib[/\\]http-agents\.js$/ }, () => ({ contents: 'module.exports = {}' }))
  },
}

/**
 * Bundles the parts of the program into one file, which holds one function: V8 then keeps the code of all of it in one
 * cache. Beside it stand what opens it (once in a process, whoever asks) and, for those who import a part, its names.
 */
export async function bundleProgram(root, outdir, parts = programParts) {
  const { build } = await import('esbuild')
  const found = there(root, parts)
  const common = { ...options, absWorkingDir: root, format: 'cjs', charset: 'ascii' }
  const { metafile } = await build({
    ...common,
    metafile: true,
    plugins: [withoutHttp],
    stdin: { contents: found.map(([name, path]) => `exports.${name} = () => require('./${path}')`).join('\n'), resolveDir: root },
    outfile: join(outdir, 'rollcall.cjs'),
    define: { 'import.meta.url': '__url' },
    banner: {
      js: `(function (exports, require, module, __filename, __dirname, __import) { 'use strict'; var __url = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
  })
  const asked = Object.values(metafile.outputs).flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'dynamic-import'))
  if (asked.length > 0) throw new Error(`use importModule of src/util for what is not bundled: ${asked.map(({ path }) => path).join(', ')}`)
  const opened = `openProgram(__dirname, { require, import: (specifier, options) => import(specifier, options) }, require.main?.filename === require('node:path').join(__dirname, 'cli.cjs') ? process.argv.slice(2) : undefined)`
  await build({
    ...common,
    stdin: { contents: `import { openProgram } from './src/boot/open-program.ts'\nmodule.exports = ${opened}`, resolveDir: root },
    outfile: join(outdir, 'program.cjs'),
  })
  writeFileSync(join(outdir, 'cli.cjs'), `require('./program.cjs').cli()\n`)
  const program = createRequire(join(outdir, 'cli.cjs'))('./program.cjs')
  for (const [name] of found.filter(([name]) => name !== 'cli'))
    writeFileSync(
      join(outdir, `${name}.js`),
      [
        `import program from './program.cjs'`,
        `const part = program.${name}()`,
        ...Object.keys(program[name]()).map((key) => `export const ${key} = part.${key}`),
        '',
      ].join('\n'),
    )
}

/**
 * Writes declarations of what users import. The compiler reads them at each check of a playbook, and then not the sources; where
 * they cannot be written it reads those.
 */
async function declare(root, outdir) {
  const entries = ['src/index.ts', 'src/testing/index.ts'].filter((path) => existsSync(join(root, path)))
  const binary = compilerOf(root)
  if (entries.length === 0 || binary === undefined) return
  const config = `${outdir}.json`
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    noCheck: true,
    rootDir: join(root, 'src'),
    outDir: outdir,
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const files = entries.map((path) => join(root, path))
  mkdirSync(join(outdir, '..'), { recursive: true })
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }))
  const code = await new Promise((resolve) => {
    const child = spawn(binary, ['-p', config], { stdio: 'ignore' })
    child.once('error', () => resolve(undefined))
    child.once('close', resolve)
  })
  rmSync(config, { force: true })
  if (code !== 0) rmSync(outdir, { recursive: true, force: true })
}

/** TypeScript's native compiler, where it is installed. */
function compilerOf(root) {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('typescript/package.json')
    const platform = createRequire(manifest).resolve(`@typescript/typescript-${process.platform}-${process.arch}/package.json`)
    return join(platform, '..', 'lib', process.platform === 'win32' ? 'tsc.exe' : 'tsc')
  } catch {
    return undefined
  }
}

/** Points dist/index.js and its siblings, which package.json's exports name, at the build. */
function point(dist, hash) {
  for (const name of Object.keys({ ...entries, ...programParts }))
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
