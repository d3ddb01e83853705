import { expectTypeOf } from 'expect-type'
import { inventory } from '../../inventory/lab.ts'
import {
  addHost,
  apt,
  asyncStatus,
  command,
  copy,
  defineFacts,
  defineInventory,
  definePlaybook,
  defineServiceModule,
  defineTemplate,
  dynamicGroup,
  file,
  fleetGroup,
  groupBy,
  intersection,
  local,
  newHosts,
  nth,
  type PlayTools,
  pattern,
  query,
  type Ran,
  restarted,
  type ScopeNeeds,
  service,
  sh,
  template,
  union,
  value,
  without,
} from '../../src/index.ts'

const nodesConf = defineTemplate({
  file: 'nodes.eta',
  input: { nodes: fleetGroup<{ privateIp: string; vars: { appPort: number } }>(), title: value<string>() },
  data: ({ nodes, title }) => ({ title, ports: nodes.map((node) => node.vars.appPort) }),
})
const factsConf = defineTemplate({
  file: 'facts.eta',
  input: { nodes: fleetGroup<{ facts: 'hardware' }>() },
  data: ({ nodes }) => ({ memory: nodes.withFacts().map((node) => node.facts.hardware.memoryMb) }),
})

const needsPort = defineServiceModule(
  'needs-port',
  <C extends ScopeNeeds<{ appPort: number }, 'os'>>({ task }: PlayTools<C>, options: { readonly extra: string }) =>
    task('a', ({ host, facts }) => copy({ dest: `/${options.extra}`, content: `${host.vars.appPort} ${facts.os.distribution}` })),
)
const needsSecret = defineServiceModule('needs-secret', <C extends ScopeNeeds<{ secret: string }>>({ task }: PlayTools<C>, _: object) =>
  task('a', ({ host }) => copy({ dest: '/a', content: host.vars.secret })),
)

const haproxyFacts = defineFacts({
  name: 'haproxy',
  fields: { version: 'always', sites: 'sometimes' },
  script: sh`haproxy -v`,
  parse: (stdout): { readonly version: string; readonly sites?: readonly string[] } => ({ version: stdout }),
})
const needsHaproxy = defineServiceModule(
  'needs-haproxy',
  <C extends ScopeNeeds<object, typeof haproxyFacts>>({ task }: PlayTools<C>, _: object) =>
    task('a', ({ facts }) => copy({ dest: '/a', content: facts.haproxy.version })),
)

export default definePlaybook('types', inventory, (play) => {
  play('own facts', { hosts: 'cluster', facts: { families: ['os', haproxyFacts] } }, (tools) => {
    tools.task('what a closure sees', ({ facts, fleet }) => {
      expectTypeOf(facts.haproxy.version).toEqualTypeOf<string>()
      expectTypeOf(facts.haproxy.sites).toEqualTypeOf<readonly string[] | undefined>()
      expectTypeOf(facts.os.kernel).toEqualTypeOf<string>()
      // @ts-expect-error a field that its parse does not give
      facts.haproxy.port
      // @ts-expect-error a family that the play does not list
      facts.network
      const other = fleet.host('crystal-panda')
      if (other.known) expectTypeOf(other.facts.haproxy.version).toEqualTypeOf<string>()
      return []
    })
    needsHaproxy(tools, {})
  })
  play('without them', { hosts: 'cluster' }, (tools) => {
    // @ts-expect-error a service module that needs facts which the play does not list
    needsHaproxy(tools, {})
  })

  play('group', { hosts: 'cluster', facts: { families: ['os', 'hardware'] } }, (tools) => {
    const { task } = tools
    task('what a closure sees', ({ host, facts, fleet, targets }) => {
      expectTypeOf(host.name).toEqualTypeOf<'honor-viper' | 'crystal-panda'>()
      expectTypeOf(host.vars.appPort).toEqualTypeOf<number>()
      expectTypeOf(host.vars.domain).toEqualTypeOf<string>()
      expectTypeOf(host.privateIp).toEqualTypeOf<string>()
      expectTypeOf(facts.hardware.memoryMb).toEqualTypeOf<number>()
      // @ts-expect-error a family that the play does not list
      facts.network
      // @ts-expect-error a var that no group declares
      host.vars.nope
      // @ts-expect-error a group that the inventory does not have
      fleet.group('clutser')
      // @ts-expect-error a host that the inventory does not have
      fleet.host('honor-vipr')
      const other = fleet.host('crystal-panda')
      if (other.known) expectTypeOf(other.facts.os.distribution).toEqualTypeOf<string>()
      else expectTypeOf(other.reason).toEqualTypeOf<string>()
      // @ts-expect-error facts of another host may be unknown
      other.facts
      fleet.where((each) => {
        // @ts-expect-error a host that is down must not drop out: only declared values are seen
        each.known
        return each.groups.includes('cluster')
      })
      const chosen = fleet.group('cluster').where((each) => {
        expectTypeOf(each.vars.appPort).toEqualTypeOf<number>()
        expectTypeOf(each.name).toEqualTypeOf<'honor-viper' | 'crystal-panda'>()
        // @ts-expect-error declared values only, here as well
        each.facts
        return each.vars.appPort === 8080
      })
      expectTypeOf(chosen).toEqualTypeOf(fleet.group('cluster'))
      expectTypeOf(chosen.where(() => true)).toEqualTypeOf(chosen)
      nodesConf({ nodes: chosen, title: 'x' })
      // @ts-expect-error hosts chosen from all have no vars but those of all
      nodesConf({ nodes: fleet.where(() => true), title: 'x' })
      // @ts-expect-error targets have no such choice: no template would take it
      targets.group('cluster').where(() => true)
      expectTypeOf(targets.includes('x')).toEqualTypeOf<boolean>()
      return template({ src: nodesConf({ nodes: fleet.group('cluster'), title: 'x' }), dest: '/etc/nodes' })
    })
    task('what a template takes', ({ fleet }) => {
      factsConf({ nodes: fleet.group('cluster') })
      factsConf({ nodes: fleet.where((host) => host.name === 'honor-viper') })
      // @ts-expect-error not every host of `all` has an appPort
      nodesConf({ nodes: fleet.group('all'), title: 'x' })
      // @ts-expect-error the title is missing
      nodesConf({ nodes: fleet.group('cluster') })
      // @ts-expect-error a title is a string
      nodesConf({ nodes: fleet.group('cluster'), title: 1 })
      return file({ path: '/a', state: 'absent' })
    })
    const install = task('results are typed', apt({ name: 'haproxy' }))
    const asked = task('asked', query({ script: sh`nginx -v` }))
    const ran = task('ran', command({ argv: ['make'] }), { failedWhen: ({ result, host }) => result.rc > 1 && host.name === 'honor-viper' })
    const restart = task('restart', restarted({ service: 'haproxy' }), {
      changedWhen: ({ result }) => {
        // It has run, so that its output can be read; and an earlier task's result is read by a call.
        expectTypeOf(result.stdout).toEqualTypeOf<string>()
        expectTypeOf(result(ran).rc).toEqualTypeOf<number>()
        // @ts-expect-error the call leaves no such thing
        result.nope
        return result(install).changed
      },
    })
    tools.handler('handled', () => command({ cmd: 'true' }), {
      changedWhen: ({ result }) => result.stdoutLines.length > 0,
      ignoreErrors: true,
    })
    const many = task('many', () => ['a', 'b'].map((name) => service({ name, state: 'started' })))
    task('each item is judged', () => ['a', 'b'].map((name) => command({ argv: [name] })), {
      changedWhen: ({ result }) => result.stdout.includes('new'),
    })
    task('reads results', service({ name: 'haproxy' }), {
      when: ({ result }) => {
        expectTypeOf(result(install).changed).toEqualTypeOf<boolean>()
        expectTypeOf(result(asked).stdout).toEqualTypeOf<string>()
        expectTypeOf(result(ran).stdout).toEqualTypeOf<string>()
        expectTypeOf(result(restart)).toExtend<Ran>()
        // @ts-expect-error in check mode it has not run, and its type says so
        result(restart).stdout
        expectTypeOf(result(many).items[0]!.after.unit.running).toEqualTypeOf<boolean>()
        return true
      },
    })
    needsPort(tools, { extra: 'x' })
    needsPort(tools, { extra: 'y' }, { as: 'second' })
    // @ts-expect-error the hosts of the play have no such var
    needsSecret(tools, {})
    // @ts-expect-error a plain string is not a script
    query({ script: 'nginx -v' })
    // @ts-expect-error an unknown parameter
    apt({ name: 'haproxy', stat: 'present' })
    // @ts-expect-error a state that apt does not have
    apt({ name: 'haproxy', state: 'presnt' })
  })
  play('host', { hosts: 'honor-viper' }, (tools) => {
    tools.task('facts of another play', ({ facts, fleet }) => {
      // @ts-expect-error default families are os and network
      facts.hardware
      // @ts-expect-error the template reads hardware facts, which this play does not list
      factsConf({ nodes: fleet.group('cluster') })
      return file({ path: '/a' })
    })
  })
  play('on the controller', { hosts: 'cluster', connection: 'local' }, (tools) => {
    tools.task('knows what is declared', ({ host, facts }) => {
      expectTypeOf(host.vars.appPort).toEqualTypeOf<number>()
      // @ts-expect-error a play on the controller asks for no facts unless it lists them
      facts.os
      return file({ path: `/var/backups/${host.name}`, state: 'directory' })
    })
    // @ts-expect-error the service module reads facts, which this play does not list
    needsPort(tools, { extra: 'x' })
  })
  play('with facts', { hosts: 'cluster', connection: local(), facts: { families: ['os'] } }, (tools) => {
    tools.task('reads them', ({ facts }) => copy({ dest: '/a', content: facts.os.distribution }))
    needsPort(tools, { extra: 'x' })
  })
  // @ts-expect-error a play runs on its hosts or on the controller
  play('elsewhere', { hosts: 'cluster', connection: 'remote' }, () => {})
  // @ts-expect-error a host or group that the inventory does not have
  play('nobody among some', { hosts: union('cluster', nth('wbe', 0)) }, () => {})
  // @ts-expect-error a host or group that the inventory does not have
  play('nobody in time', { hosts: dynamicGroup('chosen', { of: 'wbe' }) }, () => {})
  const fresh = newHosts('fresh', inventory, { like: 'cluster' })
  play('added in time', { hosts: fresh }, ({ task }) => {
    task('port', ({ host }) => {
      expectTypeOf(host.name).toEqualTypeOf<string>()
      expectTypeOf(host.privateIp).toEqualTypeOf<string>()
      return copy({ dest: '/a', content: String(host.vars.appPort) })
    })
    task('more', () => ['a', 'b'].map((name) => addHost({ to: fresh, name, privateIp: '192.0.2.9', vars: { appPort: undefined } })))
    // @ts-expect-error each host of the group has a private address
    task('no address', addHost({ to: fresh, name: 'c' }))
    // @ts-expect-error a var has the type that its group declares
    task('no port', addHost({ to: fresh, name: 'd', privateIp: '192.0.2.9', vars: { appPort: '80' } }))
    // @ts-expect-error a group is none that hosts are added to
    task('to a group', addHost({ to: 'cluster', name: 'e' }))
  })
  play('added or declared', { hosts: union('cluster', fresh) }, ({ task }) => {
    task('port', ({ host }) => copy({ dest: '/a', content: `${host.privateIp} ${host.vars.appPort}` }))
  })
  const chosen = dynamicGroup('chosen', { of: 'cluster' })
  play('chosen in time', { hosts: chosen }, ({ task }) => {
    task('port', ({ host }) => copy({ dest: '/a', content: String(host.vars.appPort) }))
    const started = task('start', command({ argv: ['true'], async: 60, poll: 0 }))
    task('look', ({ result }) => asyncStatus({ job: result(started).job }), { until: ({ result }) => result.finished })
    // @ts-expect-error a group by name is none that tasks can fill
    task('by name', groupBy({ group: 'chosen' }))
  })
  // @ts-expect-error one of them is none
  play('one is no union', { hosts: union('cluster') }, () => {})
  // @ts-expect-error a host or group that the inventory does not have
  play('nobody', { hosts: 'honor-vipr' }, () => {})
  // @ts-expect-error a family that does not exist
  play('family', { hosts: 'all', facts: { families: ['osx'] } }, () => {})
})

const roomy = defineInventory({
  groups: { web: { vars: { port: 80 } }, later: { vars: { size: 1 } } },
  hosts: { one: { groups: ['web'] } },
})
addHost({ to: newHosts('a', roomy, { like: 'web' }), name: 'x', address: '192.0.2.9' })
addHost({ to: newHosts('b', roomy, { like: ['web', 'later'] }), name: 'x', privateIp: '192.0.2.9', vars: { port: 1, size: 2 } })
addHost({ to: newHosts('c', roomy, { like: 'later' }), name: 'x', privateIp: '192.0.2.9', vars: { size: 2 } })
// @ts-expect-error of a group without hosts templates may ask for a private address
addHost({ to: newHosts('d', roomy, { like: 'later' }), name: 'x' })
// @ts-expect-error a group that there is not
newHosts('e', roomy, { like: 'wbe' })

const fleet = defineInventory({
  groups: {
    all: { vars: { domain: 'example.test' } },
    web: { vars: { port: 80, tls: true } },
    db: { vars: { port: 5432, replicas: 2 } },
    eu: { vars: { region: 'eu' } },
  },
  hosts: {
    alpha: { groups: ['web'], privateIp: '10.0.0.1' },
    beta: { groups: ['web', 'eu'], privateIp: '10.0.0.2', vars: { port: 8080 } },
    gamma: { groups: ['db', 'eu'] },
  },
})
interface Web {
  readonly domain: string
  readonly port: number
  readonly tls: boolean
}
interface Db {
  readonly domain: string
  readonly port: number
  readonly replicas: number
}
interface Eu {
  readonly domain: string
  readonly region: string
}
const needsAnyPort = defineServiceModule('any-port', <C extends ScopeNeeds<{ port: number }>>({ task }: PlayTools<C>, _: object) =>
  task('a', ({ host }) => copy({ dest: '/a', content: String(host.vars.port) })),
)

export const chosen = definePlaybook('chosen', fleet, (play) => {
  play('any', { hosts: union('web', 'db') }, (tools) => {
    tools.task('vars that all have', ({ host }) => {
      expectTypeOf(host.name).toEqualTypeOf<'alpha' | 'beta' | 'gamma'>()
      expectTypeOf(host.vars.port).toEqualTypeOf<number>()
      expectTypeOf(host.vars.domain).toEqualTypeOf<string>()
      expectTypeOf(host.privateIp).toEqualTypeOf<string | undefined>()
      // @ts-expect-error hosts of db have no such var
      return copy({ dest: '/a', content: String(host.vars.tls) })
    })
    needsAnyPort(tools, {})
  })
  play('each', { hosts: intersection('web', 'eu') }, ({ task }) => {
    task('vars of both', ({ host }) => {
      expectTypeOf(host.name).toEqualTypeOf<'beta'>()
      expectTypeOf(host.vars).toEqualTypeOf<Readonly<Web & Eu>>()
      expectTypeOf(host.privateIp).toEqualTypeOf<string>()
      return copy({ dest: '/a', content: host.vars.region })
    })
  })
  play('a union within', { hosts: intersection(union('web', 'db'), 'eu') }, ({ task }) => {
    task('vars of one of them and of the other', ({ host }) => {
      expectTypeOf(host.vars.region).toEqualTypeOf<string>()
      expectTypeOf(host.vars.port).toEqualTypeOf<number>()
      // @ts-expect-error only hosts of web have it
      return copy({ dest: '/a', content: String(host.vars.tls) })
    })
  })
  play('but', { hosts: without('db', 'web', 'alpha') }, ({ task }) => {
    task('vars of the first', ({ host }) => {
      expectTypeOf(host.vars).toEqualTypeOf<Db>()
      return copy({ dest: '/a', content: String(host.vars.replicas) })
    })
  })
  play('first', { hosts: nth('web', 0), order: 'sorted' }, ({ task }) => {
    task('vars of its group', ({ host }) => {
      expectTypeOf(host.vars).toEqualTypeOf<Web>()
      return copy({ dest: '/a', content: String(host.vars.port) })
    })
  })
  play('union with a host', { hosts: union('gamma', nth('web', { from: 1 })) }, ({ task }) => {
    task('vars of all', ({ host }) => {
      expectTypeOf(host.vars.domain).toEqualTypeOf<string>()
      // @ts-expect-error of a host alone the vars of all are known
      return copy({ dest: '/a', content: String(host.vars.port) })
    })
  })
  play('text', { hosts: pattern('web:!eu') }, ({ task }) => {
    task('vars of all', ({ host }) => {
      expectTypeOf(host.vars).toEqualTypeOf<{ readonly domain: string }>()
      return copy({ dest: '/a', content: host.vars.domain })
    })
  })
})

definePlaybook('environments', inventory, (play) => {
  play(
    'p',
    { hosts: 'cluster', environment: ({ host }) => ({ PORT: String(host.vars.appPort) }), become: { user: 'postgres' } },
    ({ task }) => {
      task('a', command({ argv: ['true'] }), {
        environment: ({ host, result }) => {
          expectTypeOf(host.vars.appPort).toEqualTypeOf<number>()
          expectTypeOf(result).toBeFunction()
          return { PORT: String(host.vars.appPort) }
        },
        become: { method: 'su' },
      })
      // @ts-expect-error No var of these hosts.
      task('b', command({ argv: ['true'] }), { environment: ({ host }) => ({ PORT: host.vars.appPrt }) })
      // @ts-expect-error A value is text.
      task('c', command({ argv: ['true'] }), { environment: { PORT: 80 } })
      // @ts-expect-error There is no such program.
      task('d', command({ argv: ['true'] }), { become: { method: 'run' } })
    },
  )
})
