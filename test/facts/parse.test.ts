import { describe, expect, it } from 'vitest'
import { hardware } from '../../src/facts/hardware.ts'
import { network } from '../../src/facts/network.ts'
import { os } from '../../src/facts/os.ts'

const bytes = (...lines: readonly string[]): Uint8Array => Buffer.from(`${lines.join('\n')}\n`)
const base = ['hostname honor-viper', 'kernel 6.1.0-18-amd64', 'architecture x86_64']

describe('os', () => {
  const alpine = {
    distribution: 'alpine',
    distributionVersion: '3.19.1',
    distributionRelease: '',
    osFamily: 'alpine',
    packageManager: 'apk',
    serviceManager: 'openrc',
  }
  const fedora = {
    distribution: 'fedora',
    distributionVersion: '40',
    distributionRelease: '',
    osFamily: 'redhat',
    packageManager: 'dnf',
    serviceManager: 'systemd',
  }
  it.each([
    [
      'Debian',
      ['release VERSION_ID="12"', 'release VERSION_CODENAME=bookworm', 'release ID=debian', 'tool apt-get', 'service systemd'],
      { distribution: 'debian', distributionVersion: '12', distributionRelease: 'bookworm', osFamily: 'debian', packageManager: 'apt' },
    ],
    ['Alpine', ['release ID=alpine', 'release VERSION_ID=3.19.1', 'tool apk', 'service openrc'], alpine],
    ['Fedora', ['release ID=fedora', 'release VERSION_ID=40', 'release VERSION_CODENAME=""', 'tool dnf', 'service systemd'], fedora],
    [
      'Arch, which has no version',
      ['release ID=arch', 'tool pacman'],
      { distribution: 'arch', distributionVersion: '', osFamily: 'arch', packageManager: 'pacman' },
    ],
    [
      'a derivative by ID_LIKE',
      ['release ID="linuxmint"', 'release ID_LIKE="ubuntu debian"', 'tool apt-get'],
      { distribution: 'linuxmint', osFamily: 'debian' },
    ],
    [
      'openSUSE',
      ['release ID="opensuse-leap"', 'release ID_LIKE="suse opensuse"', 'tool zypper'],
      { osFamily: 'suse', packageManager: 'zypper' },
    ],
    ['Debian with tools of others', ['release ID=debian', 'tool dnf', 'tool apt-get', 'tool pacman'], { packageManager: 'apt' }],
    ['single quotes, kept as they are', [`release ID='o\\x'`], { distribution: 'o\\x' }],
    ['escapes in double quotes', ['release ID=debian', 'release VERSION_ID="1\\"2\\$"'], { distributionVersion: '1"2$' }],
    ['a name of JavaScript as ID', ['release ID=constructor'], { distribution: 'constructor', osFamily: 'other' }],
    [
      'no os-release',
      [],
      {
        distribution: 'linux',
        distributionVersion: '',
        distributionRelease: '',
        osFamily: 'other',
        packageManager: 'unknown',
        serviceManager: 'unknown',
      },
    ],
  ])('reads %s', (_, lines, expected) => {
    expect(os.parse(bytes(...base, ...lines))).toMatchObject(expected)
  })
  it.each([
    ['a short name', ['hostname viper'], { hostname: 'viper', fqdn: 'viper' }],
    ['a dotted node name', ['hostname viper.dynia.test'], { hostname: 'viper', fqdn: 'viper.dynia.test' }],
    ['a name of /etc/hosts', ['hostname viper', 'fqdn viper.dynia.test'], { hostname: 'viper', fqdn: 'viper.dynia.test' }],
  ])('names a host by %s', (_, lines, expected) => {
    expect(os.parse(bytes(...lines, ...base.slice(1)))).toMatchObject(expected)
  })
  it('refuses a host without a name', () => expect(() => os.parse(bytes(''))).toThrow('the host gave no host name'))
})

describe('hardware', () => {
  it.each([
    ['a list of processors', ['MemTotal: 2048000', 'SwapTotal: 1024', 'online 0-3,6'], { memoryMb: 2000, swapMb: 1, cpuCount: 5 }],
    ['one processor', ['MemTotal: 1048575', 'SwapTotal: 0', 'online 0'], { memoryMb: 1023, swapMb: 0, cpuCount: 1 }],
    ['a kernel without swap or /sys', ['MemTotal: 1048576', 'processors 2'], { memoryMb: 1024, swapMb: 0, cpuCount: 2 }],
  ])('reads %s', (_, lines, expected) => expect(hardware.parse(bytes(...lines))).toEqual(expected))
  it.each([
    ['no memory', ['online 0'], 'how much memory'],
    ['no processors', ['MemTotal: 1048576', 'processors 0'], 'how many processors'],
    ['a list that is none', ['MemTotal: 1048576', 'online x'], 'how many processors'],
  ])('refuses %s', (_, lines, message) => expect(() => hardware.parse(bytes(...lines))).toThrow(message))
})

describe('network', () => {
  const links = [
    'link /sys/class/net/eth0 2 0x1003 02:FC:00:00:00:01',
    'link /sys/class/net/lo 1 0x9 00:00:00:00:00:00',
    'link /sys/class/net/tun0 3 0x1091 ',
  ]
  const ip = [
    '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
    '2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever',
    '2: eth0    inet 10.108.0.4/24 brd 10.108.0.255 scope global eth0\\       valid_lft forever',
    '3: tun0    inet 10.8.0.1 peer 10.8.0.2/32 scope global tun0\\       valid_lft forever',
  ]
  it('reads ip, a peer, and what has no hardware address', () => {
    expect(network.parse(bytes(...links, ...ip, 'route eth0 00000000 01006C0A 0003 100 00000000'))).toEqual({
      interfaces: [
        { name: 'lo', mac: '', addresses: [{ family: 'inet', address: '127.0.0.1', prefix: 8 }] },
        {
          name: 'eth0',
          mac: '02:fc:00:00:00:01',
          addresses: [
            { family: 'inet6', address: 'fe80::1', prefix: 64 },
            { family: 'inet', address: '10.108.0.4', prefix: 24 },
          ],
        },
        { name: 'tun0', mac: '', addresses: [{ family: 'inet', address: '10.8.0.1', prefix: 32 }] },
      ],
      addresses: ['10.108.0.4', '10.8.0.1', 'fe80::1'],
      defaultIpv4: { address: '10.108.0.4', interface: 'eth0', gateway: '10.108.0.1' },
    })
  })
  it.each([
    [
      'of a big-endian host',
      ['route eth0 00000000 0A6C0001 0003 0 00000000'],
      { address: '10.108.0.4', interface: 'eth0', gateway: '10.108.0.1' },
    ],
    [
      'of the least metric',
      ['route tun0 00000000 02000 0001 600 00000000', 'route eth0 00000000 01006C0A 0003 100 00000000'],
      { interface: 'eth0' },
    ],
    ['without a gateway', ['route tun0 00000000 00000000 0001 0 00000000'], { address: '10.8.0.1', interface: 'tun0', gateway: '' }],
    ['that is down', ['route eth0 00000000 01006C0A 0002 0 00000000'], undefined],
  ])('finds the default route %s', (_, routes, expected) => {
    const found = network.parse(bytes(...links, ...ip, ...routes)).defaultIpv4
    if (expected === undefined) expect(found).toBeUndefined()
    else expect(found).toMatchObject(expected)
  })
  it('knows interfaces from the kernel tables alone', () => {
    const lines = [
      'local 127.0.0.1',
      'local 10.108.0.4',
      'local 10.108.0.4',
      'inet6 eth0 fe8000000000000000fc00fffe000001 40',
      'route eth0 00000000 01006C0A 0003 0 00000000',
      'route eth0 00006C0A 00000000 0001 0 00FFFFFF',
    ]
    expect(network.parse(bytes(...links.slice(0, 2), ...lines))).toMatchObject({
      interfaces: [
        { name: 'lo' },
        {
          name: 'eth0',
          addresses: [
            { address: '10.108.0.4', prefix: 24 },
            { address: 'fe80::fc:ff:fe00:1', prefix: 64 },
          ],
        },
      ],
      addresses: ['10.108.0.4', 'fe80::fc:ff:fe00:1'],
      defaultIpv4: { gateway: '10.108.0.1' },
    })
  })
  it('gives a lone /32 to the interface that leads outward', () => {
    expect(
      network.parse(bytes(...links.slice(0, 2), 'local 10.128.0.2', 'route eth0 00000000 0100800A 0003 0 00000000')).addresses,
    ).toEqual(['10.128.0.2'])
  })
  it('refuses a host without interfaces', () => expect(() => network.parse(bytes(''))).toThrow('named no network interface'))
})
