import { apt, copy, cron, defineServiceModule, type PlayTools, type ScopeNeeds, service } from 'rollcall'

export interface AccessReportOptions {
  /** nginx's log of accesses. */
  readonly log?: string
  /** Where the counts go, a line a day. */
  readonly report: string
}

/** Every night: how many requests there were, and how many of them failed. */
export const accessReport = defineServiceModule(
  'access-report',
  <C extends ScopeNeeds>({ task }: PlayTools<C>, { log = '/var/log/nginx/access.log', report }: AccessReportOptions) => {
    task('install cron', apt({ name: 'cron' }))
    task('program', copy({ src: new URL('./access-report', import.meta.url), dest: '/usr/local/bin/access-report', mode: '0755' }))
    task(
      'every night',
      cron({
        name: 'access report',
        cronFile: 'access-report',
        user: 'root',
        minute: '17',
        hour: '3',
        job: `/usr/local/bin/access-report ${log} ${report}`,
      }),
    )
    task('cron runs', service({ name: 'cron', state: 'started', enabled: true }))
  },
)
