import { expectTypeOf } from 'expect-type'
import { inventory } from '../../inventory/lab.ts'
import {
  apt,
  command,
  copy,
  definePlaybook,
  defineServiceModule,
  defineTemplate,
  file,
  fleetGroup,
  type PlayTools,
  query,
  type Ran,
  type ScopeNeeds,
  service,
  sh,
  template,
  value,
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

export default definePlaybook('types', inventory, (play) => {
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
    const ran = task('ran', command({ argv: ['make'] }))
    const many = task('many', () => ['a', 'b'].map((name) => service({ name, state: 'started' })))
    task('reads results', service({ name: 'haproxy' }), {
      when: ({ result }) => {
        expectTypeOf(result(install).changed).toEqualTypeOf<boolean>()
        expectTypeOf(result(asked).stdout).toEqualTypeOf<string>()
        expectTypeOf(result(ran)).toExtend<Ran>()
        // @ts-expect-error in check mode it has not run, and its type says so
        result(ran).stdout
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
  // @ts-expect-error a host or group that the inventory does not have
  play('nobody', { hosts: 'honor-vipr' }, () => {})
  // @ts-expect-error a family that does not exist
  play('family', { hosts: 'all', facts: { families: ['osx'] } }, () => {})
})
