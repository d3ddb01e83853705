import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { execIn, guardedPassword, startHost, stopHost } from '../../src/lab/index.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { program } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, cli } = useJobLab('do')

const doOn = (...words: readonly string[]) => cli(['do', ...words])
async function resultsOf(...words: readonly string[]) {
  const { code, stdout, stderr } = await cli(['do', ...words, '--format', 'json'])
  const lines = stdout.split('\n').filter((line) => line !== '')
  const results = lines.map((line) => JSON.parse(line)).sort((a, b) => (a.host < b.host ? -1 : 1))
  return { code, stderr, results }
}

describe('rollcall do on real hosts', () => {
  it('a command on all of them, a line each and no other', async () => {
    const { code, stderr, results } = await resultsOf('cluster', 'command', 'argv=["cat","/etc/hostname"]')
    expect([code, stderr]).toEqual([0, ''])
    expect(results).toMatchObject([
      { event: 'result', host: panda.name, changed: true, failed: false, result: { rc: 0, stdout: `${panda.name}` } },
      { event: 'result', host: viper.name, changed: true, failed: false, result: { rc: 0, stdout: `${viper.name}` } },
    ])
  })
  it('a file: check writes nothing and shows the diff, the run writes, a second one has nothing to do', async () => {
    const words = [viper.name, 'copy', 'dest=/etc/do-test', 'content=one\n', 'mode=0640', '-b']
    const checked = await doOn(...words, '-CD')
    expect([checked.code, checked.stderr]).toEqual([0, ''])
    expect(checked.stdout).toMatch(/^honor-viper {2}would change\n[\s\S]*\+one\n/)
    expect(await inside(lab, viper, 'ls /etc/do-test 2>/dev/null || echo none')).toBe('none')
    const made = await resultsOf(...words, '--detailed-exit-code')
    expect(made).toMatchObject({ code: 3, results: [{ changed: true, diff: [{ resource: 'file:/etc/do-test' }] }] })
    expect(await inside(lab, viper, 'stat -c "%U %a" /etc/do-test')).toBe('root 640')
    expect(await doOn(...words, '--detailed-exit-code')).toMatchObject({ code: 0, stdout: 'honor-viper  ok\n', stderr: '' })
  })
  it('a service and a query', async () => {
    expect((await doOn(viper.name, 'service', 'name=cron-that-is-not', 'state=started', '-b')).code).toBe(2)
    expect(await resultsOf(viper.name, 'service', 'name=ssh', 'state=started', '-b')).toMatchObject({
      code: 0,
      results: [{ changed: false }],
    })
    expect(await resultsOf(viper.name, 'waitFor', 'port=22', 'timeout=30')).toMatchObject({
      code: 0,
      results: [{ changed: false, failed: false }],
    })
  })
  it('without become it is the login user, and what it may not do fails that host alone', async () => {
    const { code, results } = await resultsOf('cluster', 'shell', `script=id -un; [ "$(cat /etc/hostname)" = ${panda.name} ]`)
    expect(code).toBe(2)
    expect(results).toMatchObject([
      { host: panda.name, failed: false, result: { rc: 0, stdout: 'admin' } },
      { host: viper.name, failed: true, changed: true, result: { rc: 1, stdout: 'admin' }, error: { host: viper.name } },
    ])
    const denied = await doOn(viper.name, 'copy', 'dest=/etc/denied', 'content=x')
    expect([denied.code, denied.stdout]).toEqual([2, expect.stringContaining('no temporary file can be made in /etc')])
  })
  it('so many at a time: where it goes well on no host of a batch the rest is left out, and told', async () => {
    const fails = (path: string) => [`script=touch ${path}; false`, '--serial', '1'] as const
    const done = await cli(['do', 'cluster', 'shell', ...fails('/tmp/serial-do')])
    expect(done.code).toBe(2)
    expect(done.stderr).toContain('not done on crystal-panda')
    const ran = await cli(['exec', 'cluster', '--serial', '1', '--', 'sh', '-c', 'touch /tmp/serial-exec; exit 3'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('left out on crystal-panda')
    const both = 'ls /tmp/serial-do /tmp/serial-exec 2>/dev/null | wc -l'
    expect([await inside(lab, viper, both), await inside(lab, panda, both)]).toEqual(['2', '0'])
    expect((await cli(['exec', 'cluster', '--serial', '50%', '--', 'hostname'])).stdout).toBe(
      'honor-viper: ok\n  honor-viper\ncrystal-panda: ok\n  crystal-panda\n',
    )
  })
  it('a host that is down is unreachable, the others are done, and the exit code is 4', async () => {
    await stopHost(lab, panda.name)
    const { code, results } = await resultsOf('cluster', 'stat', 'path=/etc/hostname')
    await startHost(lab, panda.name)
    expect(code).toBe(4)
    expect(results).toMatchObject([
      { host: panda.name, unreachable: true, failed: false, changed: false, result: {}, error: { host: panda.name } },
      { host: viper.name, unreachable: false, result: { stat: { exists: true } } },
    ])
    expect(results[0].msg).not.toBe('')
  })
})

/** Puts Node and Rollcall into a host, so that it is a controller, and gives a way to run it there as a user. */
async function makeController() {
  const dist = (await program()).slice(ownRoot().length).replace(/^\//, '')
  const heavy = ['@biomejs', '@rolldown', '@esbuild', 'lightningcss*', 'vite', 'vitest', '@typescript', 'typescript']
  const tar = (args: readonly string[]) => execFileSync('tar', [...args], { maxBuffer: 512 * 1024 * 1024 })
  const excluded = heavy.map((name) => `--exclude=node_modules/${name}`)
  const own = tar([
    '-C',
    ownRoot(),
    ...excluded,
    '-chf',
    '-',
    'package.json',
    'node_modules',
    dist.split('/').slice(0, 2).join('/'),
    'dist/index.js',
  ])
  await inside(lab, viper, 'mkdir -p /opt/rollcall /opt/site')
  for (const [folder, bytes] of [
    ['/opt/rollcall', own],
    ['/usr/local/bin', tar(['-C', process.execPath.replace(/[^/]*$/, ''), '-chf', '-', process.execPath.replace(/.*\//, '')])],
  ] as const)
    expect(await execIn(lab, viper.name, ['tar', '-C', folder, '-xf', '-'], { stdin: bytes })).toMatchObject({ code: 0 })
  return (user: string, words: string, cwd = '/') =>
    execIn(lab, viper.name, [
      'sh',
      '-c',
      `cd ${cwd} && exec runuser -u ${user} -- env HOME=/tmp/${user} node /opt/rollcall/${dist} ${words}`,
    ])
}

it('on the controller itself become is real sudo, with and without a password', async () => {
  const rollcallAs = await makeController()
  const said = async (user: string, words: string, cwd?: string) => {
    const { code, stdout, stderr } = await rollcallAs(user, words, cwd)
    return `${code} ${stdout}${stderr}`
  }
  expect(await said('root', `do localhost command 'argv=["id","-un"]' -b`)).toBe('0 localhost  changed\n  root\n')
  expect(await said('admin', `do localhost command 'argv=["id","-un"]'`)).toBe('0 localhost  changed\n  admin\n')
  expect(await said('admin', `do localhost command 'argv=["id","-un"]' -b`)).toBe('0 localhost  changed\n  root\n')
  expect(await said('admin', 'exec localhost -b -- id -un')).toBe('0 localhost: ok\n  root\n')
  const asks = await said('guarded', `do localhost command 'argv=["id","-un"]' -b`)
  expect(asks).toContain('sudo asks for a password, and none was given')
  const inventory = `import { defineInventory, local, Secret } from 'rollcall'
export const inventory = defineInventory({ groups: {}, hosts: { here: { groups: [], connection: local({ becomePassword: new Secret('${guardedPassword}') }) } } })
`
  await execIn(lab, viper.name, ['sh', '-c', 'mkdir -p /opt/site/inventory /opt/site/node_modules; cat >/opt/site/inventory/lab.ts'], {
    stdin: inventory,
  })
  await inside(
    lab,
    viper,
    `echo '{"dependencies":{"rollcall":"*"},"type":"module"}' >/opt/site/package.json; ln -s /opt/rollcall /opt/site/node_modules/rollcall`,
  )
  expect(await said('guarded', `do here shell 'script=id -un' -b`, '/opt/site')).toBe('0 here  changed\n  root\n')
  expect(await said('guarded', `do here copy dest=/etc/guarded content=x mode=0600 -b`, '/opt/site')).toBe('0 here  changed\n')
  expect(await inside(lab, viper, 'stat -c "%U %a" /etc/guarded; ps -eo args | grep "[r]c_n=" || echo none')).toBe('root 600\nnone')
})
