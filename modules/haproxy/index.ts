import {
  apt,
  debug,
  defineServiceModule,
  type FleetGroup,
  file,
  type HostWith,
  type PlayTools,
  reloaded,
  type ScopeNeeds,
  service,
  sh,
  stat,
  template,
} from 'rollcall'
import { haproxyCfg } from '../../templates/index.ts'

/** What HAProxy must know of each node it balances over. */
export type Backend = HostWith<{ privateIp: string; vars: { appPort: number } }>

export interface HaproxyOptions<C> {
  /** Every node of the balanced group: a group of the fleet, so that `--limit` cannot thin it out. */
  readonly nodes: (scope: C) => FleetGroup<Backend>
  /** Certificate and key in one PEM file on the host. Where there is none, only HTTP is served. */
  readonly certificate?: string
}

/** HAProxy over all nodes of a group: installed, configured, checked before the file is replaced, reloaded, running. */
export const haproxy = defineServiceModule(
  'haproxy',
  <C extends ScopeNeeds>({ task, handler, flushHandlers }: PlayTools<C>, options: HaproxyOptions<C>) => {
    const certificate = options.certificate ?? '/etc/haproxy/certs/site.pem'
    const reload = handler('reload haproxy', reloaded({ service: 'haproxy' }))

    task('install haproxy', apt({ name: 'haproxy' }))
    task('certificate directory', file({ path: '/etc/haproxy/certs', state: 'directory', owner: 'root', group: 'haproxy', mode: '0750' }))
    const found = task('look for a certificate', stat({ path: certificate, follow: true, getChecksum: false }))
    task('say that there is no TLS', debug({ msg: `no certificate at ${certificate}: HTTP only` }), {
      when: ({ result }) => !result(found).stat.exists,
    })
    task(
      'haproxy.cfg',
      (scope) =>
        template({
          src: haproxyCfg({ nodes: options.nodes(scope), certificate: scope.result(found).stat.exists ? certificate : undefined }),
          dest: '/etc/haproxy/haproxy.cfg',
          mode: '0644',
          validate: (path) => sh`haproxy -c -f ${path}`,
        }),
      { notify: reload },
    )
    task('haproxy runs', service({ name: 'haproxy', state: 'started', enabled: true }))
    flushHandlers() // Whatever comes after this and fails, HAProxy balances by the configuration just written.
  },
)
