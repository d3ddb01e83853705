import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { cgroup2Mount } from '../../src/lab/cgroup.ts'
import { down, status, up } from '../../src/lab/index.ts'
import { packageRoot } from '../../src/lab/paths.ts'
import { identify, isAlive, run, sleep } from '../../src/lab/process.ts'
import { banner, inside, panda, plain, testLab, useLabs, viper } from './lab-setup.ts'

const lab = testLab('life')
const other = testLab('other')
const doomed = testLab('doomed')
const labs = useLabs([lab, other, doomed])
beforeAll(async () => {
  await up(lab, [viper])
})

test('a program that has dialled ends by itself, and its helper with it', async () => {
  const children = `readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim()`
  const contents = `
    import { readFileSync } from 'node:fs'
    import { dial } from ${JSON.stringify(join(packageRoot(), 'src', 'lab', 'dial.ts'))}
    const socket = await dial(${JSON.stringify(lab)}, ${JSON.stringify(viper.address)}, 22)
    socket.destroy()
    console.log(${children})`
  // Beside the other programs, from where the package is found.
  const outfile = join(packageRoot(), 'dist', `test-dials-${process.pid}.js`)
  await build({ stdin: { contents, resolveDir: packageRoot() }, outfile, bundle: true, platform: 'node', format: 'esm' })
  try {
    const result = await run([process.execPath, outfile])
    expect([result.code, result.stderr.toString()]).toEqual([0, ''])
    const helper = Number(result.stdout)
    expect(helper).toBeGreaterThan(1)
    for (let attempt = 0; attempt < 200 && identify(helper) !== undefined; attempt++) await sleep(20)
    expect(identify(helper)).toBeUndefined()
  } finally {
    await rm(outfile, { force: true })
  }
})

test('two labs at once have the same addresses and do not meet', async () => {
  await up(other, [viper])
  await inside(other, viper, 'echo in the other lab > /root/which')
  expect(await banner(other, viper)).toContain('SSH-2.0')
  expect(await inside(lab, viper, 'test -e /root/which || echo untouched')).toBe('untouched')
  expect(await down(other)).toBe(true)
  expect(status(other)).toBeUndefined()
  expect(readdirSync(labs.folder)).not.toContain(other.name)
  expect(await banner(lab, viper)).toContain('SSH-2.0')
})

test('two that start one lab at the same time get one lab', async () => {
  const states = await Promise.all([up(other, [viper]), up(other, [viper, panda]), up(other, [panda, viper])])
  expect(new Set(states.map((state) => state.supervisor.pid)).size).toBe(1)
  expect(status(other)?.hosts.map((host) => host.state)).toEqual(['running', 'running'])
  await down(other)
})

test('a lab ends by itself at the end of its life time', async () => {
  // So short that it may end before all is up: that is then an error of `up`, and no less an end.
  const state = await up(other, [plain], { lifetimeMs: 200, wait: false }).catch(() => undefined)
  while (status(other) !== undefined || readdirSync(labs.folder).includes(other.name)) await sleep(20)
  expect(state !== undefined && isAlive(state.init)).toBe(false)
})

test('after kill -9 of the supervisor no process, mount or interface of the lab is left, and the next start cleans up', async () => {
  const links = async () => (await run(['ip', '-o', 'link'])).stdout.toString().replaceAll(/ qlen.*| state.*/g, '')
  const linksBefore = await links()
  const state = await up(doomed, [viper, panda])
  const inits = state.hosts.map((host) => host.init)
  const cgroups = () => readdirSync(cgroup2Mount() ?? '').filter((name) => state.cgroup.endsWith(`/${name}`))
  process.kill(state.supervisor.pid, 'SIGKILL')
  for (const gone of [state.init, ...inits]) while (gone !== undefined && isAlive(gone)) await sleep(20)
  const folder = join(labs.folder, doomed.name)
  const processesIn = (dir: string): string =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => processesIn(join(dir, entry.name)))
      .join('') + readFileSync(join(dir, 'cgroup.procs'), 'utf8')
  for (let attempt = 0; attempt < 100 && processesIn(state.cgroup) !== ''; attempt++) await sleep(20)
  expect(processesIn(state.cgroup)).toBe('')
  expect(readdirSync(join(folder, 'run'))).toEqual([])
  const mounts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/mounts`, 'utf8')
      } catch {
        return ''
      }
    })
  expect(mounts.filter((text) => text.includes(doomed.name))).toEqual([])
  expect(await links()).toBe(linksBefore)
  expect(status(doomed)).toBeUndefined()

  expect(cgroups()).toHaveLength(1)
  const again = await up(doomed, [viper])
  expect(again.supervisor).not.toEqual(state.supervisor)
  expect(cgroups()).toEqual([])
  expect(await banner(doomed, viper)).toContain('SSH-2.0')
})
