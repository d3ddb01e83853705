import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cgroup2Mount } from '../../src/lab/cgroup.ts'
import { dial, down, execIn, inNetns, type LabHost, labNamed, requireState, reset, sshFiles, startHost, status, stopHost, up, waitForSsh } from '../../src/lab/index.ts'
import { builtProgram, packageRoot } from '../../src/lab/paths.ts'
import { identify, isAlive, run, sleep } from '../../src/lab/process.ts'

const viper: LabHost = { name: 'honor-viper', address: '10.108.0.4', kind: 'systemd' }
const panda: LabHost = { name: 'crystal-panda', address: '10.108.0.3', kind: 'systemd' }
const plain: LabHost = { name: 'plain-otter.dynia.test', address: '10.108.0.20', kind: 'sshd' }
const lab = labNamed(`test-lab-${process.pid}`)
const other = labNamed(`test-lab-${process.pid}-other`)
const doomed = labNamed(`test-lab-${process.pid}-doomed`)
const realStateHome = process.env['XDG_STATE_HOME']
let stateHome = ''

vi.setConfig({ testTimeout: 120_000 })

beforeAll(async () => {
  // A folder whose name would break an overlay's options, and too long for a Unix socket.
  stateHome = await mkdtemp(join(tmpdir(), `state home, with:colon ${'long '.repeat(15)}`))
  process.env['XDG_STATE_HOME'] = stateHome
  const source = (name: string) => join(packageRoot(), 'src', 'lab', `${name}.ts`)
  await build({
    entryPoints: { 'lab-supervisor': source('supervisor'), 'lab-dialer': source('dialer') },
    outdir: join(packageRoot(), 'dist'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  })
  await up(lab, [viper, panda])
}, 600_000)

afterAll(async () => {
  for (const each of [lab, other, doomed]) await down(each)
  if (realStateHome === undefined) delete process.env['XDG_STATE_HOME']
  else process.env['XDG_STATE_HOME'] = realStateHome
  await rm(stateHome, { recursive: true, force: true })
}, 60_000)

/** Standard output of a program in a host; the test fails when the program does. */
async function inside(host: LabHost, script: string, id = lab): Promise<string> {
  const result = await execIn(id, host.name, ['sh', '-c', script])
  expect(result.code, `${script}\n${result.stderr}`).toBe(0)
  return result.stdout.toString().trim()
}

async function banner(address: string, id = lab): Promise<string> {
  const socket = await dial(id, address, 22)
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', (chunk) => {
      socket.destroy()
      resolve(chunk.toString())
    })
  })
}

/** Runs a command over SSH with the lab's key, and checks the host key against the lab's known_hosts. */
async function overSsh(host: LabHost, username: string, command: string, stdin = ''): Promise<string> {
  const { identityFile, knownHostsFile } = sshFiles(lab)
  const known = new Map((await readFile(knownHostsFile, 'utf8')).trim().split('\n').map((line) => line.split(' ')).map(([address, , key]) => [address, key]))
  const sock = await dial(lab, host.address, 22)
  const client = new Client()
  return new Promise<string>((resolve, reject) => {
    client.once('error', reject)
    client.once('ready', () =>
      client.exec(command, (error, channel) => {
        if (error) return reject(error)
        let out = ''
        channel.on('data', (chunk: Buffer) => {
          out += chunk
        })
        channel.stderr.on('data', (chunk: Buffer) => {
          out += chunk
        })
        channel.once('close', () => resolve(out.trim()))
        channel.end(stdin)
      }),
    )
    const privateKey = readFileSync(identityFile)
    client.connect({ sock, username, privateKey, hostVerifier: (key: Buffer) => key.toString('base64') === known.get(host.address) })
  }).finally(() => client.end())
}

describe('a lab of two hosts', () => {
  test('the hosts have their true names and addresses, host keys of their own, and systemd as PID 1', async () => {
    for (const host of [viper, panda]) {
      expect(await inside(host, 'hostname')).toBe(host.name)
      expect(await inside(host, 'ip -4 -o addr show eth0')).toContain(`${host.address}/24`)
      expect(await inside(host, 'cat /proc/1/comm')).toBe('systemd')
      expect(await inside(host, 'systemctl is-system-running --wait')).toBe('running')
    }
    const keys = [viper, panda].map((host) => inside(host, 'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub'))
    const [first, second] = await Promise.all(keys)
    expect(first).not.toBe(second)
    expect(await inside(viper, 'command -v python3 || echo none')).toBe('none')
  })

  test('hosts reach each other, and nothing else', async () => {
    expect(await inside(viper, `ping -c1 -W5 ${panda.address} >/dev/null && echo reached`)).toBe('reached')
    expect(await inside(viper, 'ip route show default')).toContain('via 10.108.0.1')
    expect(await inside(viper, 'ping -c1 -W1 192.0.2.1 >/dev/null 2>&1 || echo offline')).toBe('offline')
  })

  test('dial reaches sshd from outside, many times at once, and reports refusals by code', async () => {
    const banners = await Promise.all(Array.from({ length: 40 }, (_, index) => banner(index % 2 === 0 ? viper.address : panda.address)))
    expect(banners.every((text) => text.startsWith('SSH-2.0-OpenSSH'))).toBe(true)
    await expect(dial(lab, viper.address, 9)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(dial(lab, '10.108.0.77', 22)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })

  test.each([
    ['admin', 'id -un; sudo -n id -un', '', 'admin\nroot'],
    ['guarded', 'sudo -n true 2>&1 | grep -c "a password is required"', '', '1'],
    ['guarded', 'sudo -S -p "" id -un', 'correct horse\n', 'root'],
  ])('%s logs in with the lab key: %s', async (user, command, stdin, said) => {
    expect(await overSsh(viper, user, command, stdin)).toBe(said)
  })

  test('root does not log in over SSH', async () => {
    await expect(overSsh(viper, 'root', 'true')).rejects.toThrow(/authentication/)
  })

  test('a program run in a host gets its input as bytes and gives its exit code', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128])
    const result = await execIn(lab, viper.name, ['sh', '-c', 'cat; echo to stderr >&2; exit 7'], { stdin: bytes })
    expect([result.code, result.stdout, result.stderr.toString()]).toEqual([7, bytes, 'to stderr\n'])
    expect((await execIn(lab, viper.name, ['env'])).stdout.toString()).not.toContain('XDG_STATE_HOME')
  })

  test('programs of the machine run in the lab network', async () => {
    const [file = '', ...args] = inNetns(lab, ['ip', '-4', '-o', 'addr', 'show', 'br0'])
    expect((await run([file, ...args])).stdout.toString()).toContain('10.108.0.1/24')
  })

  test('packages come from the repository of the lab, without an update first', async () => {
    const apt = 'DEBIAN_FRONTEND=noninteractive apt-get -qq -y --allow-downgrades'
    const versions = ['1.0', '2.0', '1.1']
    for (const version of versions) {
      expect(await inside(viper, `${apt} install rollcall-toy=${version} >/dev/null && rollcall-toy`)).toBe(`rollcall-toy ${version}`)
    }
    expect(await inside(viper, `dpkg-query -W -f '\${Conffiles}' rollcall-toy`)).toContain('/etc/rollcall-toy.conf')
    await inside(viper, 'apt-get update')
    expect(await inside(viper, `${apt} install rollcall-toyd haproxy >/dev/null; systemctl is-active rollcall-toyd haproxy`)).toBe('active\nactive')
    expect(await inside(panda, 'command -v haproxy || echo none')).toBe('none')
  })

  test.each([
    ['exec', (script: string) => inside(viper, script)],
    ['sudo over SSH', (script: string) => overSsh(viper, 'admin', `sudo sh -c '${script}'`)],
  ])('root in a host cannot touch the machine: %s', async (_, sh) => {
    const bounding = BigInt(`0x${await sh('grep CapBnd /proc/self/status | cut -f2')}`)
    const effective = BigInt(`0x${await sh('grep CapEff /proc/self/status | cut -f2')}`)
    const numbers = { sys_module: 16n, sys_rawio: 17n, sys_time: 25n, mknod: 27n, syslog: 34n, bpf: 39n }
    for (const [name, bit] of Object.entries(numbers)) expect([name, ((bounding | effective) >> bit) & 1n]).toEqual([name, 0n])
    // The value it has: were the protection gone, nothing would change.
    expect(await sh('sysctl -q -w vm.swappiness=$(cat /proc/sys/vm/swappiness) 2>/dev/null || echo refused')).toBe('refused')
    expect(await sh('mknod /root/disk b 8 0 2>/dev/null || echo refused')).toBe('refused')
    expect(await sh('sysctl -n -w net.ipv4.ip_forward=1')).toBe('1')
  })

  test('up is nothing to do when the lab is up, and adds a host that the inventory gained', async () => {
    const before = requireState(lab)
    expect(await up(lab, [viper, panda])).toEqual(before)
    const after = await up(lab, [viper, panda, plain])
    expect(after.hosts.map((host) => [host.name, host.state])).toEqual([viper, panda, plain].map((host) => [host.name, 'running']))
    expect(after.supervisor).toEqual(before.supervisor)
    expect(await inside(plain, 'cat /proc/1/comm; hostname')).toBe(`sshd\n${plain.name}`)
    expect(await overSsh(plain, 'admin', 'sudo -n id -un')).toBe('root')
  })

  test.each([
    ['another address', [{ ...viper, address: '10.108.0.9' }], /another host of this name/],
    ['another kind', [{ ...viper, kind: 'sshd' as const }], /another host of this name/],
    ['two networks', [viper, { ...panda, address: '10.109.0.3' }], /cannot have these hosts/],
    [`the controller's address`, [{ ...viper, address: '10.108.0.1' }], /cannot have these hosts/],
    ['one address twice', [viper, { ...panda, address: viper.address }], /cannot have these hosts/],
    ['a name that is none', [{ ...viper, name: '../viper' }], /cannot have these hosts/],
    ['no hosts', [], /cannot have these hosts/],
  ])('an inventory with %s is refused', async (_, hosts, message) => {
    await expect(up(lab, hosts)).rejects.toThrow(message)
  })

  test('a host reboots on its own disk', async () => {
    const bootId = await inside(panda, 'echo kept > /root/before; cat /proc/sys/kernel/random/boot_id')
    const before = requireState(lab).hosts.find((host) => host.name === panda.name)?.init
    await execIn(lab, panda.name, ['systemctl', 'reboot'])
    while (before !== undefined && isAlive(before)) await sleep(20)
    while (status(lab)?.hosts.find((host) => host.name === panda.name)?.init?.pid === before?.pid) await sleep(20)
    await waitForSsh(lab, [panda.name])
    expect(await inside(panda, 'cat /root/before')).toBe('kept')
    expect(await inside(panda, 'cat /proc/sys/kernel/random/boot_id')).not.toBe(bootId)
  })

  test('a stopped host is unreachable while the other answers, up leaves it stopped, start brings it back with its disk', async () => {
    await inside(panda, 'echo kept > /root/before-stop')
    await stopHost(lab, panda.name)
    await expect(dial(lab, panda.address, 22)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(await banner(viper.address)).toContain('SSH-2.0')
    await expect(execIn(lab, panda.name, ['true'])).rejects.toThrow(/stopped/)
    const state = await up(lab, [viper, panda])
    expect(state.hosts.find((host) => host.name === panda.name)).toEqual({ ...panda, state: 'stopped' })
    await startHost(lab, panda.name)
    expect(await banner(panda.address)).toContain('SSH-2.0')
    expect(await inside(panda, 'cat /root/before-stop')).toBe('kept')
  })

  test('reset gives pristine hosts with the same addresses and host keys', async () => {
    await inside(viper, 'echo changed > /root/changed; rm -rf /usr/share/zoneinfo')
    const known = await readFile(sshFiles(lab).knownHostsFile, 'utf8')
    await reset(lab)
    expect(await inside(viper, 'ls -A /root /usr/share/zoneinfo | grep -c changed || :')).toBe('0')
    expect(await inside(viper, 'command -v rollcall-toy haproxy || test -e /usr/share/zoneinfo/UTC && echo pristine')).toBe('pristine')
    expect(await readFile(sshFiles(lab).knownHostsFile, 'utf8')).toBe(known)
    expect(await overSsh(viper, 'admin', 'hostname')).toBe(viper.name)
  })

  test('an unknown host is named with those there are', async () => {
    await expect(stopHost(lab, 'honor-vipr')).rejects.toThrow(/no such host.*honor-viper/)
  })
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
  await inside(viper, 'echo in the other lab > /root/which', other)
  expect(await banner(viper.address, other)).toContain('SSH-2.0')
  expect(await inside(viper, 'test -e /root/which || echo untouched')).toBe('untouched')
  expect(await down(other)).toBe(true)
  expect(status(other)).toBeUndefined()
  expect(readdirSync(join(stateHome, 'rollcall', 'lab'))).not.toContain(other.name)
  expect(await banner(viper.address)).toContain('SSH-2.0')
})

test('two that start one lab at the same time get one lab', async () => {
  const states = await Promise.all([up(other, [viper]), up(other, [viper, panda]), up(other, [panda, viper])])
  expect(new Set(states.map((state) => state.supervisor.pid)).size).toBe(1)
  expect(status(other)?.hosts.map((host) => host.state)).toEqual(['running', 'running'])
  await down(other)
})

test('a lab ends by itself at the end of its life time', async () => {
  const state = await up(other, [plain], { lifetimeMs: 100, wait: false })
  while (isAlive(state.supervisor)) await sleep(20)
  expect(isAlive(state.init)).toBe(false)
  expect(status(other)).toBeUndefined()
})

test('after kill -9 of the supervisor no process, mount or interface of the lab is left, and the next start cleans up', async () => {
  const links = async () => (await run(['ip', '-o', 'link'])).stdout.toString().replaceAll(/ qlen.*| state.*/g, '')
  const linksBefore = await links()
  const state = await up(doomed, [viper, panda])
  const inits = state.hosts.map((host) => host.init)
  const cgroups = () => readdirSync(cgroup2Mount() ?? '').filter((name) => state.cgroup.endsWith(`/${name}`))
  process.kill(state.supervisor.pid, 'SIGKILL')
  for (const gone of [state.init, ...inits]) while (gone !== undefined && isAlive(gone)) await sleep(20)
  const folder = join(stateHome, 'rollcall', 'lab', doomed.name)
  const processesIn = (dir: string): string =>
    readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => processesIn(join(dir, entry.name))).join('') +
    readFileSync(join(dir, 'cgroup.procs'), 'utf8')
  for (let attempt = 0; attempt < 100 && processesIn(state.cgroup) !== ''; attempt++) await sleep(20)
  expect(processesIn(state.cgroup)).toBe('')
  expect(readdirSync(join(folder, 'run'))).toEqual([])
  const mounts = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
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
  expect(await banner(viper.address, doomed)).toContain('SSH-2.0')
})

test('the programs that run as processes of their own are built files', () => {
  expect(builtProgram('lab-dialer')).toMatch(/dist\/lab-dialer\.js$/)
})
