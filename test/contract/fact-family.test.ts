import { isIPv4, isIPv6 } from 'node:net'
import { factFamilies } from '../../src/facts/index.ts'
import type { BuiltInFamily } from '../../src/model/facts.ts'
import { type FamilyCase, factFamilyContract } from './fact-family.ts'

const names = ['hostname honor-viper', 'kernel 6.1.0-18-amd64', 'architecture x86_64']
const links = ['link /sys/class/net/lo 1 0x9 00:00:00:00:00:00', 'link /sys/class/net/eth0 2 0x1003 02:fc:00:00:00:01']
const addresses = [
  '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
  '1: lo    inet6 ::1/128 scope host noprefixroute \\       valid_lft forever preferred_lft forever',
  '2: eth0    inet 10.108.0.4/24 brd 10.108.0.255 scope global eth0\\       valid_lft forever preferred_lft forever',
  '2: eth0    inet6 fe80::fc:ff:fe00:1/64 scope link \\       valid_lft forever preferred_lft forever',
]
const tables = [
  'local 127.0.0.1',
  'local 10.108.0.4',
  'inet6 eth0 fe8000000000000000fc00fffe000001 40',
  'route eth0 00000000 01006C0A 0003 0 00000000',
  'route eth0 00006C0A 00000000 0001 0 00FFFFFF',
]
const words = (...texts: readonly string[]) => texts.every((text) => text !== '' && text === text.trim() && !/[\n\r]/.test(text))

/** A family that is missing here does not compile: `npm test` ends with it. */
const cases: { readonly [K in BuiltInFamily]: FamilyCase<K> } = {
  os: {
    family: factFamilies.os,
    steady: true,
    real: {
      output: [
        ...names,
        'release VERSION_ID="12"',
        'release VERSION_CODENAME=bookworm',
        'release ID=debian',
        'fqdn honor-viper.dynia.test',
        'tool apt-get',
        'service systemd',
      ],
      facts: {
        hostname: 'honor-viper',
        fqdn: 'honor-viper.dynia.test',
        distribution: 'debian',
        distributionVersion: '12',
        distributionRelease: 'bookworm',
        osFamily: 'debian',
        kernel: '6.1.0-18-amd64',
        architecture: 'x86_64',
        packageManager: 'apt',
        serviceManager: 'systemd',
      },
    },
    hostile: {
      'a file that is no os-release': [...names, 'release ID', 'release ID=', 'release =', 'release ID_LIKE="', "release VERSION_ID='"],
      'a distribution with the name of a method': [...names, 'release ID=__proto__', 'release ID_LIKE=toString'],
      'a service manager nobody knows': [...names, 'service launchd', 'tool brew'],
    },
    refused: {
      'a host without a name': { output: names.slice(1), says: 'no host name' },
      'a name that is a dot': { output: ['hostname .', ...names.slice(1)], says: 'no host name' },
      'a host without a kernel': { output: names.slice(0, 1), says: 'kernel' },
    },
    sane: (facts) => words(facts.hostname, facts.fqdn, facts.distribution, facts.kernel, facts.architecture),
  },
  network: {
    family: factFamilies.network,
    steady: true,
    real: {
      output: [...links, ...addresses, 'route eth0 00000000 01006C0A 0003 0 00000000'],
      facts: {
        interfaces: [
          {
            name: 'lo',
            mac: '',
            addresses: [
              { family: 'inet', address: '127.0.0.1', prefix: 8 },
              { family: 'inet6', address: '::1', prefix: 128 },
            ],
          },
          {
            name: 'eth0',
            mac: '02:fc:00:00:00:01',
            addresses: [
              { family: 'inet', address: '10.108.0.4', prefix: 24 },
              { family: 'inet6', address: 'fe80::fc:ff:fe00:1', prefix: 64 },
            ],
          },
        ],
        addresses: ['10.108.0.4', 'fe80::fc:ff:fe00:1'],
        defaultIpv4: { address: '10.108.0.4', interface: 'eth0', gateway: '10.108.0.1' },
      },
    },
    hostile: {
      'addresses that are none': [
        ...links,
        '2: eth0 inet 10.0.0.300/24',
        '2: eth0 inet 10.0.0.1/99',
        '2: eth0 inet6 nonsense/64',
        '2: eth0 inet',
      ],
      'kernel tables that are none': [...links, 'local x', 'local', 'inet6 eth0 xyz 40', 'inet6 eth0 fe80', 'route eth0 0 0 0', 'route'],
      'kernel tables alone': [...links, ...tables],
      'a route through what is no address': [...links, ...addresses, 'route eth0 00000000 ZZZZZZZZ 0003 0 00000000'],
      'an interface without a name': ['link ', 'link /', ...links],
    },
    refused: { 'a host without interfaces': { output: ['route eth0 00000000 01006C0A 0003 0 00000000'], says: 'no network interface' } },
    sane: ({ interfaces, addresses, defaultIpv4 }) =>
      interfaces.every(
        ({ name, mac, addresses }) =>
          words(name) &&
          /^(|([0-9a-f]{2}:)+[0-9a-f]{2})$/.test(mac) &&
          addresses.every(
            ({ family, address, prefix }) =>
              (family === 'inet' ? isIPv4(address) : isIPv6(address)) && Number.isInteger(prefix) && prefix >= 0 && prefix <= 128,
          ),
      ) &&
      addresses.every((address) => isIPv4(address) || isIPv6(address)) &&
      (defaultIpv4 === undefined ||
        (isIPv4(defaultIpv4.address) && words(defaultIpv4.interface) && (defaultIpv4.gateway === '' || isIPv4(defaultIpv4.gateway)))),
  },
  hardware: {
    family: factFamilies.hardware,
    steady: true,
    real: { output: ['MemTotal: 2048000', 'SwapTotal: 1024', 'online 0-3,6'], facts: { memoryMb: 2000, swapMb: 1, cpuCount: 5 } },
    hostile: {
      'amounts that are none': ['MemTotal: 0x7fffffff', 'SwapTotal: 1e999', 'online 0'],
      'a list of processors that runs backwards': ['MemTotal: 2048000', 'online 9-2,0-9'],
      'a list with holes': ['MemTotal: 2048000', 'online 0-,,-3'],
      'processors in fractions': ['MemTotal: 2048000', 'processors 2.5'],
    },
    refused: {
      'a host without memory': { output: ['online 0'], says: 'how much memory' },
      'endless memory': { output: ['MemTotal: Infinity', 'online 0'], says: 'how much memory' },
      'a list that runs backwards': { output: ['MemTotal: 2048000', 'online 9-2,0-9'], says: 'how many processors' },
    },
    sane: (facts) =>
      Object.values(facts).every((value) => Number.isSafeInteger(value) && value >= 0) && facts.memoryMb > 0 && facts.cpuCount > 0,
  },
}

for (const family of Object.keys(factFamilies) as BuiltInFamily[]) factFamilyContract(cases[family] as unknown as FamilyCase<BuiltInFamily>)
