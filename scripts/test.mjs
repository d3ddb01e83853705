// The whole check, in stages. Each is timed and named; all run even when one fails. The last line holds the totals.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { $ } from 'zx'
import { bundle } from './build.mjs'

const root = process.cwd()
const work = join(root, '.rollcall/test')
const labRequired = process.env.LAB_REQUIRED === '1'
const run = $({
  stdio: ['ignore', 'inherit', 'inherit'],
  nothrow: true,
  env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
})
const say = (text) => process.stdout.write(`${text}\n`)
const totals = { passed: 0, failed: 0 }

async function stage(name, work) {
  say(`\n── ${name}`)
  const started = performance.now()
  let result
  try {
    result = await work()
  } catch (error) {
    say(error.stack ?? String(error))
    result = { passed: 0, failed: 1 }
  }
  totals.passed += result.passed
  totals.failed += result.failed
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(`── ${name}: ${result.passed} passed, ${result.failed} failed, ${seconds} s${result.note ? ` (${result.note})` : ''}`)
}

const verdict = ({ exitCode }) => ({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1 })

/** Debian packages that tests need, by a file each brings. The lab looks after its own. */
const packages = {
  'busybox-static': '/bin/busybox',
  podman: '/usr/bin/podman',
  crun: '/usr/bin/crun',
  conmon: '/usr/bin/conmon',
  'systemd-container': '/usr/bin/systemd-nspawn',
  'dropbear-bin': '/usr/sbin/dropbear',
  age: '/usr/bin/age',
  acl: '/usr/bin/setfacl',
  openssl: '/usr/bin/openssl',
  'openssh-client': '/usr/bin/ssh',
  'openssh-server': '/usr/sbin/sshd',
  csh: '/bin/bsd-csh',
  tcsh: '/bin/tcsh',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
  git: '/usr/bin/git',
  curl: '/usr/bin/curl',
  wget: '/usr/bin/wget',
  unzip: '/usr/bin/unzip',
  zip: '/usr/bin/zip',
  bzip2: '/usr/bin/bzip2',
  'xz-utils': '/usr/bin/xz',
  zstd: '/usr/bin/zstd',
}
/** Of those, what brings a service. The tests start sshd themselves; the machine's own must neither start now nor at boot. */
const services = { 'openssh-server': 'ssh.service' }
const policy = '/usr/sbin/policy-rc.d'

/** Runs with a policy that lets no package start a service, unless the machine has a policy of its own. */
async function withoutServices(work) {
  const own = existsSync(policy)
  if (!own) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return await work()
  } finally {
    if (!own) rmSync(policy, { force: true })
  }
}

async function installPackages() {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name]))
  if (missing.length === 0) return { passed: 1, failed: 0 }
  if (process.getuid() !== 0) {
    say(`Install them, then run again:\n  sudo apt-get install ${missing.join(' ')}`)
    return { passed: 0, failed: 1 }
  }
  const apt = $({ nothrow: true, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  await apt`apt-get update`
  const installed = await withoutServices(() => apt`apt-get install --yes --no-install-recommends ${missing}`)
  for (const name of missing) if (services[name] !== undefined) await apt`systemctl disable ${services[name]}`
  if (installed.exitCode !== 0) say(`${installed.stdout}${installed.stderr}`)
  return verdict(installed)
}

/** Rollcall's own code and its type tests; then each playbook with each inventory, templates included, as a run does it. */
async function types() {
  const compiled = verdict(await run`node_modules/.bin/tsc -p tsconfig.json`)
  const typeTests = filesIn('test/types', '.test-d.ts').length
  const { findProject, typeCheckPlaybook, formatError } = await load()
  const project = findProject(root)
  let failed = 0
  const pairs = filesIn('playbooks', '.ts').flatMap((playbook) => filesIn('inventory', '.ts').map((inventory) => ({ playbook, inventory })))
  for (const { playbook, inventory } of pairs)
    await typeCheckPlaybook(project, { playbook: join(root, playbook), inventory: join(root, inventory) }).catch((error) => {
      failed += 1
      say(`${playbook} with ${inventory}:\n${error.details ? formatError(error.details) : error.stack}`)
    })
  return {
    passed: compiled.passed * (1 + typeTests) + pairs.length - failed,
    failed: compiled.failed + failed,
    note: `${typeTests} files of type tests, ${pairs.length} pairs of playbook and inventory`,
  }
}

async function vitest(project) {
  const outputFile = join(work, `${project}.json`)
  rmSync(outputFile, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`]
  const { exitCode } = await run`node_modules/.bin/vitest run --project ${project} --passWithNoTests ${reporters}`
  const report = existsSync(outputFile)
    ? JSON.parse(readFileSync(outputFile, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 0, testResults: [] }
  // A file that cannot be loaded fails without a failed test.
  const failed = exitCode === 0 ? report.numFailedTests : Math.max(1, report.numFailedTests)
  return { passed: report.numPassedTests, failed, report }
}

async function lab() {
  const { ensureImage, probe } = await load()
  let reason = ''
  if (process.getuid() === 0) await ensureImage((text) => say(`   ${text}`)).catch((error) => (reason = error.message))
  const problems = await probe()
  if (reason === '' && problems.length > 0) reason = problems.map(({ missing, fix }) => `${missing}\n  ${fix}`).join('\n')
  if (reason !== '') {
    say(`THE LAB CANNOT RUN HERE, so nothing was tried on real hosts:\n${reason}`)
    if (!labRequired) return { passed: 0, failed: 0, note: 'SKIPPED' }
    say('LAB_REQUIRED=1: this is a failure.')
    return { passed: 0, failed: 1 }
  }
  const { passed, failed, report } = await vitest('lab')
  const { minimum, filesWithoutHosts } = JSON.parse(readFileSync('scripts/minimum-lab-scenarios.json', 'utf8'))
  const onHosts = report.testResults.filter(({ name }) => !filesWithoutHosts.includes(relative(root, name)))
  const scenarios = onHosts.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === 'passed').length
  say(`${scenarios} lab scenarios ran on real sshd hosts (at least ${minimum} must)`)
  return { passed, failed: scenarios < minimum ? Math.max(1, failed) : failed, note: `${scenarios} scenarios on real sshd hosts` }
}

/** Every console block of the papers, run again. */
async function consoleBlocks() {
  if ((await load().then(({ probe }) => probe())).length > 0)
    return { passed: 0, failed: labRequired ? 1 : 0, note: 'SKIPPED: the lab cannot run here' }
  return verdict(await run`node scripts/check-console.mjs`)
}

/** Parts of Rollcall for this script, bundled, since Node 20 reads no TypeScript. */
async function load() {
  const folder = join(work, 'dist', '0123456789abcdef')
  if (!existsSync(join(folder, 'entries.js'))) await bundle(root, folder, { entries: 'scripts/test-entries.ts' })
  return await import(pathToFileURL(join(folder, 'entries.js')).href)
}

function filesIn(folder, ending) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort()
}

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const started = performance.now()
await stage('packages', installPackages)
await stage('types', types)
await stage('lint', async () => verdict(await run`node_modules/.bin/biome check --error-on-warnings`))
await stage('papers', async () => verdict(await run`node scripts/check-docs.mjs`))
await stage('unit', () => vitest('unit'))
await stage('lab', lab)
await stage('console', consoleBlocks)
say(`\nin ${((performance.now() - started) / 1000).toFixed(0)} s`)
say(`${totals.passed} passed, ${totals.failed} failed`)
process.exitCode = totals.failed === 0 ? 0 : 1
