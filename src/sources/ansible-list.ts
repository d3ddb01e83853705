import type { Refuse } from './answer.ts'

type Data = { readonly [key: string]: unknown }
const isObject = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What `ansible-inventory --list`, and scripts that Ansible calls with `--list`, print. */
export function isAnsibleList(value: unknown): value is Data {
  return isObject(value) && isObject(value._meta) && !('hosts' in value && isObject(value.hosts))
}

/** Vars that say how a host is reached, and what they are called here. */
const connectionVars: Readonly<Record<string, string>> = {
  ansible_host: 'address',
  ansible_ssh_host: 'address',
  ansible_port: 'port',
  ansible_ssh_port: 'port',
  ansible_user: 'user',
  ansible_ssh_user: 'user',
  ansible_ssh_private_key_file: 'identityFile',
  ansible_private_key_file: 'identityFile',
  ansible_password: 'password',
  ansible_ssh_pass: 'password',
  ansible_become_method: 'becomeMethod',
  ansible_become_user: 'becomeUser',
  ansible_become_password: 'becomePassword',
  ansible_become_pass: 'becomePassword',
}

/** The hosts of such a list in the form of our own answers. Vars of a group are those of its hosts, unless these have them. */
export function ansibleHosts(list: Data, refuse: Refuse): Data {
  const { _meta: meta, ...groups } = list
  const hostVars = isObject((meta as Data).hostvars) ? ((meta as Data).hostvars as Data) : {}
  const hosts = new Map<string, { groups: Set<string>; vars: Record<string, unknown> }>()
  const hostOf = (name: string) => {
    const known = hosts.get(name) ?? { groups: new Set<string>(), vars: {} }
    hosts.set(name, known)
    return known
  }
  for (const name of Object.keys(hostVars)) hostOf(name)
  for (const [group, given] of Object.entries(groups)) {
    // A list alone is the old form of a group: its hosts.
    const { hosts: own = [], vars = {} } = Array.isArray(given) ? { hosts: given } : isObject(given) ? given : {}
    if (!Array.isArray(own) || !isObject(vars))
      refuse({ detail: `group '${group}' is none of Ansible's lists`, fix: 'It has hosts (a list), vars and children.', keys: [group] })
    const members = ['all', 'ungrouped'].includes(group) ? (own as readonly unknown[]) : membersOf(group, groups)
    for (const name of members) {
      const host = hostOf(String(name))
      if (!['all', 'ungrouped'].includes(group)) host.groups.add(group)
    }
    const reach = group === 'all' ? [...hosts.keys()] : members
    for (const name of reach) {
      const host = hostOf(String(name))
      host.vars = group === 'all' ? { ...(vars as Data), ...host.vars } : { ...host.vars, ...(vars as Data) }
    }
  }
  return Object.fromEntries(
    [...hosts].map(([name, { groups: of, vars }]) => {
      const own = isObject(hostVars[name]) ? (hostVars[name] as Data) : {}
      return [name, { groups: [...of], ...split({ ...vars, ...own }) }]
    }),
  )
}

/** Hosts of a group and of all groups below it. */
function membersOf(group: string, groups: Data, seen: ReadonlySet<string> = new Set()): readonly unknown[] {
  const given = groups[group]
  if (Array.isArray(given)) return given
  if (!isObject(given) || seen.has(group)) return []
  const below = Array.isArray(given.children) ? given.children : []
  const own = Array.isArray(given.hosts) ? given.hosts : []
  return [...new Set([...own, ...below.flatMap((child) => membersOf(String(child), groups, new Set([...seen, group])))])]
}

function split(all: Data): Data {
  const connection: Record<string, unknown> = {}
  const vars: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(all)) {
    const setting = connectionVars[name]
    if (setting !== undefined) connection[setting] = setting === 'port' ? Number(value) : value
    // What is left of Ansible's own is about Python and the like.
    else if (!name.startsWith('ansible_')) vars[name] = value
  }
  if (all.ansible_connection === 'local') return { vars, connection: 'local' }
  return { vars, ...(Object.keys(connection).length > 0 && { connection }) }
}
