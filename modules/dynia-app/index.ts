import { copy, defineServiceModule, file, type PlayTools, restarted, type ScopeNeeds, service, systemdUnit, waitFor } from 'rollcall'
import { dyniaAppUnit } from '../../templates/index.ts'

export interface DyniaAppOptions<C> {
  readonly port: (scope: C) => number
}

/** A small HTTP application on the host's private address: `/` answers with its name, `/dynia-health` with 200. */
export const dyniaApp = defineServiceModule(
  'dynia-app',
  <C extends ScopeNeeds<object, never, string>>({ task, handler }: PlayTools<C>, options: DyniaAppOptions<C>) => {
    const restart = handler('restart dynia-app', restarted({ service: 'dynia-app' }))

    task('program directory', file({ path: '/opt/dynia-app', state: 'directory', mode: '0755' }))
    const program = task('program', copy({ src: new URL('./app.pl', import.meta.url), dest: '/opt/dynia-app/app.pl', mode: '0755' }), {
      notify: restart,
    })
    const unit = task(
      'unit',
      (scope) =>
        systemdUnit({
          name: 'dynia-app.service',
          src: dyniaAppUnit({ address: scope.host.privateIp, port: options.port(scope), program: '/opt/dynia-app/app.pl' }),
        }),
      { notify: restart },
    )
    const running = task('runs', service({ name: 'dynia-app', state: 'started', enabled: true }))
    task('answers', (scope) => waitFor({ host: scope.host.privateIp, port: options.port(scope), timeout: 30 }), {
      when: ({ result }) => [program, unit, running].some((task) => result(task).changed),
    })
  },
)
