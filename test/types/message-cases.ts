/** A mistake, and the code in which it is made: the body of a playbook, the definition of an inventory, or whole files. */
export interface MessageCase {
  readonly mistake: string
  readonly play?: string
  readonly inventory?: string
  readonly files?: { readonly [path: string]: string }
}

export const inventoryText = `import { defineInventory, local } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'example.test' } }, web: { vars: { port: 80 } }, db: { vars: { replicas: 2 } } },
  hosts: {
    alpha: { groups: ['web'], privateIp: '10.0.0.1', connection: local() },
    beta: { groups: ['web'], privateIp: '10.0.0.2', vars: { port: 8080 }, connection: local() },
    gamma: { groups: ['db'], connection: local() },
  },
})
`

export const templatesText = {
  'templates/index.ts': `import { defineTemplate, fleetGroup, value } from 'rollcall'
export const list = defineTemplate({
  file: 'list.eta',
  input: { nodes: fleetGroup<{ privateIp: string; vars: { port: number } }>(), title: value<string>() },
  data: ({ nodes, title }) => ({ title, servers: nodes.map((node) => ({ name: node.name, port: node.vars.port })) }),
})
`,
  'templates/list.eta': `<%= it.title %>\n<% for (const server of it.servers) { %><%= server.name %><% } %>\n`,
  'templates/balancer.ts': `import { defineServiceModule, type FleetGroup, type HostWith, type PlayTools, type ScopeNeeds, service, template } from 'rollcall'
import { list } from './index.ts'
export interface BalancerOptions<C> {
  readonly nodes: (scope: C) => FleetGroup<HostWith<{ privateIp: string; vars: { port: number } }>>
}
/** Needs a port and facts of the machine where it runs. */
export const balancer = defineServiceModule(
  'balancer',
  <C extends ScopeNeeds<{ port: number }, 'hardware'>>({ task }: PlayTools<C>, { nodes }: BalancerOptions<C>) => {
    task('list', (scope) => template({ src: list({ nodes: nodes(scope), title: String(scope.host.vars.port) }), dest: '/etc/list' }))
    task('runs', service({ name: 'balancer', state: 'started' }))
  },
)
`,
}

const inPlay = (body: string, options = `{ hosts: 'web' }`) =>
  `  play('nodes', ${options}, ({ task, handler }) => {\n    ${body}\n    handler('used', restarted({ service: 'x' }))\n    task('used', stat({ path: '/' }))\n  })`
const template = (nodes: string) =>
  inPlay(`task('list', ({ fleet, targets }) => template({ src: list({ title: 'all', nodes: ${nodes} }), dest: '/etc/list' }))`)

export const messageCases: readonly MessageCase[] = [
  // Hosts to change where hosts to know are due.
  { mistake: 'targets where the fleet is due', play: template('targets') },
  { mistake: 'a group of the targets where one of the fleet is due', play: template(`targets.group('web')`) },
  {
    mistake: 'a filtered group where a group of the fleet is due',
    play: template(`fleet.group('web').filter((node) => targets.includes(node.name))`),
  },
  { mistake: 'a mapped group where a group of the fleet is due', play: template(`fleet.group('web').map((node) => node)`) },
  { mistake: 'a spread group where a group of the fleet is due', play: template(`[...fleet.group('web')]`) },
  { mistake: 'a copied group where a group of the fleet is due', play: template(`{ ...targets.group('web') }`) },
  { mistake: 'a cast from targets to a group of the fleet', play: template(`targets.group('web') as FleetGroup<any>`) },
  { mistake: 'a group whose hosts lack what the template needs', play: template(`fleet.group('db')`) },
  // Names.
  { mistake: 'an unknown group in hosts', play: inPlay('', `{ hosts: 'wbe' }`) },
  { mistake: 'an unknown name in a union of hosts', play: inPlay('', `{ hosts: union('web', 'dbb') }`) },
  { mistake: 'an unknown name in hosts put together', play: inPlay('', `{ hosts: without(union('web', nth('db', 0)), 'gama') }`) },
  { mistake: 'a pattern in the place of a name', play: inPlay('', `{ hosts: 'web:!db' }`) },
  {
    mistake: 'a var that one part of a union lacks',
    play: inPlay(`task('port', ({ host }) => debug({ msg: String(host.vars.port) }))`, `{ hosts: union('web', 'db') }`),
  },
  {
    mistake: 'a var of a group where a pattern is given as text',
    play: inPlay(`task('port', ({ host }) => debug({ msg: String(host.vars.port) }))`, `{ hosts: pattern('web:!db') }`),
  },
  { mistake: 'an order of hosts that there is not', play: inPlay('', `{ hosts: 'web', order: 'reverse_sorted' }`) },
  { mistake: 'an unknown host in hosts', play: inPlay('', `{ hosts: 'alhpa' }`) },
  {
    mistake: 'an unknown group of the fleet',
    play: inPlay(`task('names', ({ fleet }) => debug({ msg: fleet.group('wbe').names.join() }))`),
  },
  { mistake: 'an unknown group whose facts are read', play: inPlay('', `{ hosts: 'web', facts: { of: 'wbe' } }`) },
  { mistake: 'an unknown family of facts', play: inPlay('', `{ hosts: 'web', facts: { families: ['os', 'hardwear'] } }`) },
  { mistake: 'an unknown var', play: inPlay(`task('port', ({ host }) => debug({ msg: String(host.vars.prot) }))`) },
  { mistake: 'a var of another group', play: inPlay(`task('port', ({ host }) => debug({ msg: String(host.vars.replicas) }))`) },
  { mistake: 'an unknown fact', play: inPlay(`task('kernel', ({ facts }) => debug({ msg: facts.os.kernle }))`) },
  {
    mistake: 'a family of facts that the play does not list',
    play: inPlay(`task('memory', ({ facts }) => debug({ msg: String(facts.hardware.memoryMb) }))`),
  },
  {
    mistake: 'facts of another host that may be unknown',
    play: inPlay(`task('kernel', ({ fleet }) => debug({ msg: fleet.host('gamma').facts.os.kernel }))`),
  },
  { mistake: 'an unknown option of a play', play: inPlay('', `{ hosts: 'web', becom: true }`) },
  { mistake: 'a program to become by that there is not', play: inPlay('', `{ hosts: 'web', become: { method: 'sud' } }`) },
  { mistake: 'a number in an environment', play: inPlay('', `{ hosts: 'web', environment: { PORT: 80 } }`) },
  {
    mistake: 'a var that the hosts do not have, in an environment',
    play: inPlay('', `{ hosts: 'web', environment: ({ host }) => ({ PORT: String(host.vars.prt) }) }`),
  },
  // Modules.
  { mistake: 'an unknown parameter', play: inPlay(`task('directory', file({ path: '/srv', stat: 'directory' }))`) },
  { mistake: 'a parameter of another type', play: inPlay(`task('package', apt({ name: 7 }))`) },
  { mistake: 'a word that a parameter does not have', play: inPlay(`task('directory', file({ path: '/srv', state: 'dir' }))`) },
  { mistake: 'a mode without quotes', play: inPlay(`task('directory', file({ path: '/srv', mode: 644 }))`) },
  { mistake: 'a parameter that is missing', play: inPlay(`task('file', file({ state: 'directory' }))`) },
  { mistake: 'a string where a script is due', play: inPlay(`task('now', shell({ script: 'date' }))`) },
  {
    mistake: 'a string where a check of a file is due',
    play: inPlay(`task('file', copy({ dest: '/a', content: 'a', validate: 'visudo -cf %s' }))`),
  },
  { mistake: 'a module itself where its call is due', play: inPlay(`task('file', file)`) },
  { mistake: 'a closure that is async', play: inPlay(`task('file', async () => file({ path: '/srv' }))`) },
  { mistake: 'a closure that returns nothing', play: inPlay(`task('file', () => { file({ path: '/srv' }) })`) },
  // New hosts.
  {
    mistake: 'a var of another type for a new host',
    play: inPlay(
      `const fresh = newHosts('fresh', inventory, { like: 'web' })\n    task('add', addHost({ to: fresh, name: 'x', privateIp: '10.0.0.9', vars: { port: '80' } }))`,
    ),
  },
  {
    mistake: 'a var that no group of a new host declares',
    play: inPlay(
      `const fresh = newHosts('fresh', inventory, { like: 'web' })\n    task('add', addHost({ to: fresh, name: 'x', privateIp: '10.0.0.9', vars: { prot: 80 } }))`,
    ),
  },
  {
    mistake: 'a new host without the private address that all others of its group have',
    play: inPlay(`const fresh = newHosts('fresh', inventory, { like: 'web' })\n    task('add', addHost({ to: fresh, name: 'x' }))`),
  },
  { mistake: 'new hosts like a group that there is not', play: inPlay('', `{ hosts: newHosts('fresh', inventory, { like: 'wbe' }) }`) },
  {
    mistake: 'a var that new hosts do not have',
    play: inPlay(
      `task('port', ({ host }) => debug({ msg: String(host.vars.replicas) }))`,
      `{ hosts: newHosts('fresh', inventory, { like: 'web' }) }`,
    ),
  },
  // Results and handlers.
  {
    mistake: 'a field that a result does not have',
    play: inPlay(
      `const found = task('found', stat({ path: '/a' }))\n    task('say', debug({ msg: 'a' }), { when: ({ result }) => result(found).exists })`,
    ),
  },
  {
    mistake: 'a name where a task is due',
    play: inPlay(`task('say', debug({ msg: 'a' }), { when: ({ result }) => result('found').changed })`),
  },
  { mistake: 'a name where a handler is due', play: inPlay(`task('file', file({ path: '/a' }), { notify: 'restart' })`) },
  {
    mistake: 'a task where a handler is due',
    play: inPlay(`const other = task('other', file({ path: '/a' }))\n    task('file', file({ path: '/b' }), { notify: other })`),
  },
  { mistake: 'a call where a handler is due', play: inPlay(`task('file', file({ path: '/a' }), { notify: restarted({ service: 'x' }) })`) },
  { mistake: 'a condition that is no condition', play: inPlay(`task('file', file({ path: '/a' }), { when: true })`) },
  { mistake: 'an unknown option of a task', play: inPlay(`task('file', file({ path: '/a' }), { notfy: [] })`) },
  // Templates and service modules.
  {
    mistake: 'data that a template lacks',
    play: inPlay(`task('list', ({ fleet }) => template({ src: list({ nodes: fleet.group('web') }), dest: '/a' }))`),
  },
  { mistake: 'the template itself where its call is due', play: inPlay(`task('list', template({ src: list, dest: '/a' }))`) },
  { mistake: 'the path of a template where its call is due', play: inPlay(`task('list', template({ src: 'list.eta', dest: '/a' }))`) },
  {
    mistake: 'a service module in a play whose hosts lack a var',
    play: `  play('nodes', { hosts: 'db', facts: { families: ['hardware'] } }, (tools) => balancer(tools, { nodes: ({ fleet }) => fleet.group('web') }))`,
  },
  {
    mistake: 'a service module in a play that does not gather its facts',
    play: `  play('nodes', { hosts: 'web' }, (tools) => balancer(tools, { nodes: ({ fleet }) => fleet.group('web') }))`,
  },
  {
    mistake: 'a service module that is given targets',
    play: `  play('nodes', { hosts: 'web', facts: { families: ['hardware'] } }, (tools) => balancer(tools, { nodes: ({ targets }) => targets.group('web') }))`,
  },
  {
    mistake: 'a service module without an option that it needs',
    play: `  play('nodes', { hosts: 'web', facts: { families: ['hardware'] } }, (tools) => balancer(tools, {}))`,
  },
  {
    mistake: 'a name in a template that its data lacks',
    files: {
      'templates/unknown.ts': `import { defineTemplate, value } from 'rollcall'\nexport const unknown = defineTemplate({ file: 'unknown.eta', input: { title: value<string>() }, data: (input) => input })\n`,
      'templates/unknown.eta': 'first line\n<%= it.titel %>\n',
    },
  },
  {
    mistake: 'a template that prints what is no text',
    files: {
      'templates/object.ts': `import { defineTemplate, value } from 'rollcall'\nexport const object = defineTemplate({ file: 'object.eta', input: { ports: value<readonly number[]>() }, data: (input) => input })\n`,
      'templates/object.eta': 'ports <%= it.ports %>\n',
    },
  },
  // Inventories.
  {
    mistake: 'an override of another type',
    inventory: `  groups: { web: { vars: { port: 80 } } },\n  hosts: { alpha: { groups: ['web'], vars: { port: 'http' } } },`,
  },
  { mistake: 'a group that is not declared', inventory: `  groups: { web: {} },\n  hosts: { alpha: { groups: ['wbe'] } },` },
  {
    mistake: 'a group that gives a var of all another type',
    inventory: `  groups: { all: { vars: { port: 80 } }, web: { vars: { port: 'http' } } },\n  hosts: { alpha: { groups: ['web'] } },`,
  },
  { mistake: 'a host without groups', inventory: `  groups: { web: {} },\n  hosts: { alpha: { privateIp: '10.0.0.1' } },` },
  {
    mistake: 'an unknown setting of a host',
    inventory: `  groups: { web: {} },\n  hosts: { alpha: { groups: ['web'], ip: '10.0.0.1' } },`,
  },
  {
    mistake: 'an unknown setting of a connection',
    inventory: `  groups: { web: { connection: ssh({ adress: '10.0.0.1' }) } },\n  hosts: { alpha: { groups: ['web'] } },`,
  },
  {
    mistake: 'a declared fact of another type',
    inventory: `  groups: { web: {} },\n  hosts: { alpha: { groups: ['web'], facts: { hardware: { memoryMb: '2G' } } } },`,
  },
  {
    mistake: 'a var that may be overridden and is none',
    inventory: `  groups: { all: { vars: { domain: 'a' } }, web: { vars: { port: 80 } } },\n  hosts: { alpha: { groups: ['web'] } },\n  overridable: ['prot'],`,
  },
  // Inputs.
  ...[
    {
      mistake: 'an input that is not declared',
      inputs: '{ version: input.string() }',
      body: 'play(inputs.verson, { hosts: "web" }, () => {})',
    },
    {
      mistake: 'an input used as another type',
      inputs: '{ replicas: input.integer() }',
      body: 'play(inputs.replicas, { hosts: "web" }, () => {})',
    },
    { mistake: 'a secret input used as text', inputs: '{ token: input.secret() }', body: 'play(inputs.token, { hosts: "web" }, () => {})' },
    { mistake: 'a default of another type', inputs: `{ replicas: input.integer({ default: '2' }) }`, body: 'void play' },
    {
      mistake: 'a default that is none of the words',
      inputs: `{ color: input.oneOf(['blue', 'green'], { default: 'red' }) }`,
      body: 'void play',
    },
    { mistake: 'an unknown option of an input', inputs: `{ version: input.string({ patern: 'x' }) }`, body: 'void play' },
    { mistake: 'an input that is no input', inputs: `{ version: 'text' }`, body: 'void play' },
    {
      mistake: 'an input that may be undefined where text is due',
      inputs: '{ note: input.optional(input.string()) }',
      body: 'play(inputs.note, { hosts: "web" }, () => {})',
    },
  ].map(({ mistake, inputs, body }) => ({
    mistake,
    files: {
      [`playbooks/${mistake.replaceAll(' ', '-')}.ts`]: `import { definePlaybook, input } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('given', inventory, { inputs: ${inputs} }, (play, { inputs }) => {
  ${body}
  void inputs
})
`,
    },
  })),
]
