import { isIPv4 } from 'node:net'
import type { InterfaceAddress, NetworkFacts, NetworkInterface } from '../model/facts.ts'
import { isIPv6 } from '../util/ip-address.ts'
import { sh } from '../util/sh.ts'
import { type FactFamily, linesOf, recordsOf } from './family.ts'
import { addressFromHex, type ByteOrder, byteOrderOf, contains, expandHex6, prefixOf, type Route } from './network-proc.ts'

// Without `ip` the kernel's own tables are read: fib_trie names this host's addresses, the routes say which interface.
// Routes to the whole world (destination 0) stand first, so a router with a full table is not read to its end. Lines are
// written fifty at a time: each write is a packet (`ip` makes one for each line), and a text that grows costs the square of
// its length.
const script = sh`
text= lines=0
say() {
  text="$text$*
" lines=$((lines + 1))
  if [ "$lines" = 50 ]; then flush; fi
}
flush() {
  printf "$head%s" "$text"
  head= text= lines=0
}
links=
for path in /sys/class/net/*; do
  [ -r "$path/ifindex" ] || continue
  index= flags= mac=
  { read -r index <"$path/ifindex"; read -r flags <"$path/flags"; read -r mac <"$path/address"; } 2>/dev/null
  say link "$path" "$index" "$flags" "$mac"
  links=yes
done
if [ -z "$links" ] && [ -r /proc/net/dev ]; then
  while read -r name rest; do
    case $name in *:*) say link "$name";; esac
  done </proc/net/dev
fi
addresses=
if command -v ip >/dev/null 2>&1; then addresses=$(ip -o addr 2>/dev/null); fi
if [ -z "$addresses" ] && command -v busybox >/dev/null 2>&1; then addresses=$(busybox ip -o addr 2>/dev/null); fi
if [ -n "$addresses" ]; then say "$addresses"
else
  if [ -r /proc/net/fib_trie ]; then
    while read -r mark address rest; do
      case $mark in
        '|--') last=$address;;
        /32) if [ "$address $rest" = 'host LOCAL' ]; then say local "$last"; fi;;
      esac
    done </proc/net/fib_trie
  fi
  if [ -r /proc/net/if_inet6 ]; then
    while read -r address index prefix scope flags name; do say inet6 "$name" "$address" "$prefix"; done </proc/net/if_inet6
  fi
fi
if [ -r /proc/net/route ]; then
  seen=0
  while [ "$seen" -lt 1000 ] && read -r name destination gateway flags count use metric mask rest; do
    seen=$((seen + 1))
    case $destination in 00000000) ;; Destination) continue;; *) if [ -n "$addresses" ]; then break; fi;; esac
    say route "$name" "$destination" "$gateway" "$flags" "$metric" "$mask"
  done </proc/net/route
fi
flush
`

interface Link {
  readonly name: string
  readonly index: number
  readonly mac: string
  readonly loopback: boolean
  readonly addresses: InterfaceAddress[]
}

function linkOf(record: string): Link {
  const [path = '', index = '0', flags, mac = ''] = record.split(' ')
  const name = path.replace(/^.*\//, '').replace(/:.*$/, '')
  const none = !/^([0-9a-f]{2}:)+[0-9a-f]{2}$/i.test(mac) || /^[0:]+$/.test(mac)
  return {
    name,
    index: Number(index) || 0,
    mac: none ? '' : mac.toLowerCase(),
    loopback: flags === undefined ? name === 'lo' : (Number(flags) & 0x8) !== 0,
    addresses: [],
  }
}

/** A line of `ip -o addr`: `2: eth0 inet 10.0.0.1/24 …`, or with a peer: `3: tun0 inet 10.8.0.1 peer 10.8.0.2/32 …`. */
function addressOf(line: string): (InterfaceAddress & { readonly name: string }) | undefined {
  const [, name = '', family, text = '', word, peer] = line.split(/\s+/)
  if (family !== 'inet' && family !== 'inet6') return undefined
  const [address = '', own] = text.split('/')
  const prefix = Number(own ?? (word === 'peer' ? peer?.split('/')[1] : undefined) ?? (family === 'inet' ? 32 : 128))
  return { name: name.replace(/@.*$/, ''), family, address, prefix }
}

/** What no kernel prints is not passed on: templates write addresses into configurations. */
function isAddress({ family, address, prefix }: InterfaceAddress): boolean {
  const longest = family === 'inet' ? 32 : 128
  return (family === 'inet' ? isIPv4(address) : isIPv6(address)) && Number.isInteger(prefix) && prefix >= 0 && prefix <= longest
}

function routeOf(record: string): Route {
  const [name = '', destination = '', gateway = '', flags = '', metric = '', mask = ''] = record.split(' ')
  return {
    name,
    destination,
    gateway,
    up: (Number.parseInt(flags, 16) & 1) !== 0,
    viaGateway: (Number.parseInt(flags, 16) & 2) !== 0,
    metric: Number(metric),
    mask,
  }
}

/** Which interface has this address of the host, as its connected routes tell; clouds give a /32 that only the default route tells. */
function localOf(address: string, routes: readonly Route[], order: ByteOrder): (InterfaceAddress & { readonly name: string }) | undefined {
  if (address.startsWith('127.')) return { name: 'lo', family: 'inet', address, prefix: 8 }
  const fitting = routes
    .filter((route) => !route.viaGateway && prefixOf(route.mask, order) > 0)
    .map((route) => ({ name: route.name, prefix: prefixOf(route.mask, order), net: addressFromHex(route.destination, order) }))
    .filter(({ net, prefix }) => contains(net, prefix, address))
    .sort((a, b) => b.prefix - a.prefix)[0]
  const outward = routes.find(({ destination, mask }) => destination === '00000000' && mask === '00000000')
  return { name: fitting?.name ?? outward?.name ?? 'lo', family: 'inet', address, prefix: fitting?.prefix ?? 32 }
}

function defaultRoute(interfaces: readonly NetworkInterface[], routes: readonly Route[], order: ByteOrder): NetworkFacts['defaultIpv4'] {
  const candidates = routes
    .filter((route) => route.up && route.destination === '00000000' && route.mask === '00000000')
    .sort((a, b) => a.metric - b.metric)
  for (const route of candidates) {
    const gateway = route.viaGateway ? addressFromHex(route.gateway, order) : ''
    const own = interfaces.find(({ name }) => name === route.name)?.addresses.filter(({ family }) => family === 'inet') ?? []
    const address = (own.find((one) => contains(one.address, one.prefix, gateway)) ?? own[0])?.address
    if (address !== undefined && (gateway === '' || isIPv4(gateway))) return { address, interface: route.name, gateway }
  }
  return undefined
}

function parse(stdout: Uint8Array): NetworkFacts {
  const records = recordsOf(stdout)
  const links = new Map(
    records('link')
      .map(linkOf)
      .filter(({ name }) => name !== '')
      .sort((a, b) => a.index - b.index)
      .map((link) => [link.name, link]),
  )
  const routes = records('route').map(routeOf)
  const listed = linesOf(stdout)
    .filter((line) => /^\d+: /.test(line))
    .map(addressOf)
  const subnets = listed.filter((address) => address !== undefined).filter(isAddress)
  const order = byteOrderOf(routes, subnets)
  const locals = [...new Set(records('local'))].filter((address) => isIPv4(address)).map((address) => localOf(address, routes, order))
  const six = records('inet6').flatMap((record) => {
    const [name = '', address = '', prefix = ''] = record.split(' ')
    if (!/^[0-9a-f]{32}$/i.test(address)) return []
    return { name, family: 'inet6' as const, address: expandHex6(address), prefix: Number.parseInt(prefix, 16) }
  })
  for (const found of [...listed, ...locals, ...six]) {
    if (found === undefined || found.name === '' || !isAddress(found)) continue
    const { name, ...address } = found
    const link = links.get(name) ?? linkOf(name)
    if (link.name === '') continue
    links.set(name, link)
    link.addresses.push(address)
  }
  if (links.size === 0) throw new Error('the host named no network interface (/sys/class/net, /proc/net/dev, ip)')
  const outside = [...links.values()].filter(({ loopback }) => !loopback).flatMap(({ addresses }) => addresses)
  const interfaces = [...links.values()].map(({ name, mac, addresses }) => ({ name, mac, addresses }))
  const defaultIpv4 = defaultRoute(interfaces, routes, order)
  return {
    interfaces,
    addresses: [...outside.filter(({ family }) => family === 'inet'), ...outside.filter(({ family }) => family === 'inet6')].map(
      ({ address }) => address,
    ),
    ...(defaultIpv4 && { defaultIpv4 }),
  }
}

/** Interfaces (ordered as the kernel numbers them), addresses, and the default route; `gateway` is empty on a link without one. */
export const network: FactFamily<'network'> = {
  name: 'network',
  fields: { interfaces: 'always', addresses: 'always', defaultIpv4: 'sometimes' },
  script,
  parse,
}
