import {
  apt,
  defineServiceModule,
  defineTemplate,
  file,
  type Handler,
  type PlayTools,
  reloaded,
  type ScopeNeeds,
  service,
  sh,
  template,
  value,
} from 'rollcall'

export const siteConf = defineTemplate({
  file: 'site.conf.eta',
  input: { port: value<number>(), names: value<readonly string[]>(), root: value<string>() },
  data: (input) => input,
})

export interface NginxSiteOptions<C> {
  /** Names the files: `/etc/nginx/sites-available/<name>.conf`. */
  readonly name: string
  readonly port: (scope: C) => number
  /** Names it answers to; default any. */
  readonly serverNames?: (scope: C) => readonly string[]
  /** The directory that is served. It may be missing when nginx starts. */
  readonly root: string
}

/** A site of static files served by nginx. Gives the handler that reloads it, for whoever changes what it serves. */
export const nginxSite = defineServiceModule(
  'nginx-site',
  <C extends ScopeNeeds>({ task, handler }: PlayTools<C>, options: NginxSiteOptions<C>): Handler => {
    const { name, port, serverNames = () => ['_'], root } = options
    const reload = handler('reload nginx', reloaded({ service: 'nginx' }))
    const available = `/etc/nginx/sites-available/${name}.conf`

    task('install nginx', apt({ name: 'nginx' }))
    task("Debian's default site", file({ path: '/etc/nginx/sites-enabled/default', state: 'absent' }), { notify: reload })
    task(
      'site',
      (scope) =>
        template({
          src: siteConf({ port: port(scope), names: serverNames(scope), root }),
          dest: available,
          mode: '0644',
          // nginx checks whole configurations only.
          validate: (path) => sh`whole=$(mktemp) || exit
printf 'events {}\nhttp { include %s; }\n' ${path} >"$whole"
nginx -q -t -c "$whole"; rc=$?
rm -f "$whole"; exit "$rc"`,
        }),
      { notify: reload },
    )
    task('enabled', file({ path: `/etc/nginx/sites-enabled/${name}.conf`, state: 'link', src: available }), { notify: reload })
    task('nginx runs', service({ name: 'nginx', state: 'started', enabled: true }))
    return reload
  },
)
