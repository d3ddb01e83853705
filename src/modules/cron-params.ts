import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { accountPattern } from '../resources/account-script.ts'

const line = (description: string) => Type.String({ minLength: 1, pattern: '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$', description })
const time = (description: string) =>
  Type.Optional(
    Type.Unsafe<string | number>({
      anyOf: [
        { type: 'integer', minimum: 0 },
        { type: 'string', pattern: '^[0-9A-Za-z*/,-]+$' },
      ],
      description,
    }),
  )

/** Parameters of the module `cron`. */
export const cronParams = parameters({
  name: line('by which the entry is found again: it stands in the line above it; with env, the name of the variable'),
  job: Type.Optional(
    line(
      'the command; cron ends it at the first %, which must be written \\% (what follows one goes to its standard input); with env, the value',
    ),
  ),
  state: Type.Optional(oneOf(['present', 'absent'], { description: 'present (default) or removed' })),
  minute: time("0 to 59, ranges, lists, steps: 5, '0,30', '*/5'; default *"),
  hour: time('0 to 23; default *'),
  day: time('day of the month, 1 to 31; default *'),
  month: time('1 to 12 or jan to dec; default *'),
  weekday: time('0 to 7, 0 and 7 for Sunday, or sun to sat; default *; with day as well, cron runs on either'),
  specialTime: Type.Optional(
    oneOf(['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly'], { description: 'in place of the five fields' }),
  ),
  user: Type.Optional(
    Type.String({
      pattern: accountPattern,
      description: 'whose crontab, default the user who the task acts as; with cronFile, who runs the job, default root',
    }),
  ),
  cronFile: Type.Optional(
    Type.String({
      pattern: '^(/|[A-Za-z0-9_-]+$)',
      description: 'a file in /etc/cron.d instead of a crontab, by its name (cron ignores names with a dot), or an absolute path',
    }),
  ),
  disabled: Type.Optional(Type.Boolean({ description: 'keep the entry, commented out' })),
  env: Type.Optional(Type.Boolean({ description: 'a variable of the crontab instead of an entry: name is its name, job its value' })),
  backup: Type.Optional(
    Type.Boolean({ description: 'keep the old content: of a file beside it, of a crontab in /var/backups (backupFile of the result)' }),
  ),
})
export type CronParams = Params<typeof cronParams>
