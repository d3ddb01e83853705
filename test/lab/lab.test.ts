import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { dial, execIn, inNetns, requireState, reset, sshFiles, startHost, status, stopHost, up, waitForSsh } from '../../src/lab/index.ts'
import { isAlive, run, sleep } from '../../src/lab/process.ts'
import { banner, inside, overSsh, panda, plain, testLab, useLabs, viper } from './lab-setup.ts'

const lab = testLab('lab')
useLabs([lab])
beforeAll(async () => {
  await up(lab, [viper, panda])
})

describe('a lab of two hosts', () => {
  test('the hosts have their true names and addresses, host keys of their own, and systemd as PID 1', async () => {
    for (const host of [viper, panda]) {
      expect(await inside(lab, host, 'hostname')).toBe(host.name)
      expect(await inside(lab, host, 'ip -4 -o addr show eth0')).toContain(`${host.address}/24`)
      expect(await inside(lab, host, 'cat /proc/1/comm')).toBe('systemd')
      expect(await inside(lab, host, 'systemctl is-system-running --wait')).toBe('running')
    }
    const keys = [viper, panda].map((host) => inside(lab, host, 'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub'))
    const [first, second] = await Promise.all(keys)
    expect(first).not.toBe(second)
    expect(await inside(lab, viper, 'command -v python3 || echo none')).toBe('none')
  })

  test('hosts reach each other, and nothing else', async () => {
    expect(await inside(lab, viper, `ping -c1 -W5 ${panda.address} >/dev/null && echo reached`)).toBe('reached')
    expect(await inside(lab, viper, 'ip route show default')).toContain('via 10.108.0.1')
    expect(await inside(lab, viper, 'ping -c1 -W1 192.0.2.1 >/dev/null 2>&1 || echo offline')).toBe('offline')
  })

  test('dial reaches sshd from outside, many times at once, and reports refusals by code', async () => {
    const banners = await Promise.all(Array.from({ length: 40 }, (_, index) => banner(lab, index % 2 === 0 ? viper : panda)))
    expect(banners.every((text) => text.startsWith('SSH-2.0-OpenSSH'))).toBe(true)
    await expect(dial(lab, viper.address, 9)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(dial(lab, '10.108.0.77', 22)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })

  test.each([
    ['admin', 'id -un; sudo -n id -un', '', 'admin\nroot'],
    ['guarded', 'sudo -n true 2>&1 | grep -c "a password is required"', '', '1'],
    ['guarded', 'sudo -S -p "" id -un', 'correct horse\n', 'root'],
  ])('%s logs in with the lab key: %s', async (user, command, stdin, said) => {
    expect(await overSsh(lab, viper, user, command, stdin)).toBe(said)
  })

  test('root does not log in over SSH', async () => {
    await expect(overSsh(lab, viper, 'root', 'true')).rejects.toThrow(/authentication/)
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
      expect(await inside(lab, viper, `${apt} install rollcall-toy=${version} >/dev/null && rollcall-toy`)).toBe(`rollcall-toy ${version}`)
    }
    expect(await inside(lab, viper, `dpkg-query -W -f '\${Conffiles}' rollcall-toy`)).toContain('/etc/rollcall-toy.conf')
    await inside(lab, viper, 'apt-get update')
    expect(await inside(lab, viper, `${apt} install rollcall-toyd haproxy >/dev/null; systemctl is-active rollcall-toyd haproxy`)).toBe(
      'active\nactive',
    )
    expect(await inside(lab, panda, 'command -v haproxy || echo none')).toBe('none')
  })

  test.each([
    ['exec', (script: string) => inside(lab, viper, script)],
    ['sudo over SSH', (script: string) => overSsh(lab, viper, 'admin', `sudo sh -c '${script}'`)],
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
    expect(await inside(lab, plain, 'cat /proc/1/comm; hostname')).toBe(`sshd\n${plain.name}`)
    expect(await overSsh(lab, plain, 'admin', 'sudo -n id -un')).toBe('root')
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
    const bootId = await inside(lab, panda, 'echo kept > /root/before; cat /proc/sys/kernel/random/boot_id')
    const before = requireState(lab).hosts.find((host) => host.name === panda.name)?.init
    await execIn(lab, panda.name, ['systemctl', 'reboot'])
    while (before !== undefined && isAlive(before)) await sleep(20)
    while (status(lab)?.hosts.find((host) => host.name === panda.name)?.init?.pid === before?.pid) await sleep(20)
    await waitForSsh(lab, [panda.name])
    expect(await inside(lab, panda, 'cat /root/before')).toBe('kept')
    expect(await inside(lab, panda, 'cat /proc/sys/kernel/random/boot_id')).not.toBe(bootId)
  })

  test('a stopped host is unreachable while the other answers, up leaves it stopped, start brings it back with its disk', async () => {
    await inside(lab, panda, 'echo kept > /root/before-stop')
    await stopHost(lab, panda.name)
    await expect(dial(lab, panda.address, 22)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(await banner(lab, viper)).toContain('SSH-2.0')
    await expect(execIn(lab, panda.name, ['true'])).rejects.toThrow(/stopped/)
    const state = await up(lab, [viper, panda])
    expect(state.hosts.find((host) => host.name === panda.name)).toEqual({ ...panda, state: 'stopped' })
    await startHost(lab, panda.name)
    expect(await banner(lab, panda)).toContain('SSH-2.0')
    expect(await inside(lab, panda, 'cat /root/before-stop')).toBe('kept')
  })

  test('reset gives pristine hosts with the same addresses and host keys', async () => {
    await inside(lab, viper, 'echo changed > /root/changed; rm -rf /usr/share/zoneinfo')
    const known = await readFile(sshFiles(lab).knownHostsFile, 'utf8')
    await reset(lab)
    expect(await inside(lab, viper, 'ls -A /root /usr/share/zoneinfo | grep -c changed || :')).toBe('0')
    expect(await inside(lab, viper, 'command -v rollcall-toy haproxy || test -e /usr/share/zoneinfo/UTC && echo pristine')).toBe('pristine')
    expect(await readFile(sshFiles(lab).knownHostsFile, 'utf8')).toBe(known)
    expect(await overSsh(lab, viper, 'admin', 'hostname')).toBe(viper.name)
  })

  test('an unknown host is named with those there are', async () => {
    await expect(stopHost(lab, 'honor-vipr')).rejects.toThrow(/no such host.*honor-viper/)
  })
})
