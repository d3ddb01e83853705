import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { cron } from '../../../src/modules/cron.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { modeOf, text } from '../case-helpers.ts'

/** busybox brings a crontab, and so a sandbox has one. */
const program = sh`mkdir -p /var/spool/cron/crontabs && ln -s /bin/busybox /usr/local/bin/crontab`
const holding = (content: string, user = 'root') => sh`${program} && printf %s ${content} | crontab -u ${user} -`
const crontab = (root: string, user = 'root') => readFileSync(`${root}/var/spool/cron/crontabs/${user}`, 'utf8')
const holds = (expected: string) => (root: string) => expect(crontab(root)).toBe(expected)
const file = (content: string) => sh`printf %s ${content} >/etc/cron.d/app`
const fileHolds = (expected: string) => (root: string) => expect(text(`${root}/etc/cron.d/app`)).toBe(expected)

export const systemCases: readonly LawCase[] = [
  {
    name: 'cron makes a crontab',
    before: program,
    call: () => cron({ name: 'back up', job: 'tar -c /etc', minute: 5, hour: '*/2', weekday: 'mon-fri' }),
    after: holds('#Rollcall: back up\n5 */2 * * mon-fri tar -c /etc\n'),
  },
  {
    name: 'cron adds to the crontab of a user',
    before: sh`useradd joe && ${holding('# mine\n1 2 3 4 5 old', 'joe')}`,
    call: () => cron({ name: 'new', job: 'true', specialTime: 'daily', user: 'joe' }),
    after: (root) => expect(crontab(root, 'joe')).toBe('# mine\n1 2 3 4 5 old\n#Rollcall: new\n@daily true\n'),
  },
  {
    name: 'cron changes an entry, where it stands',
    before: holding('#Rollcall: a\n* * * * * old\n0 0 * * * other\n#Ansible: a\n* * * * * theirs\n'),
    call: () => cron({ name: 'a', job: 'new', disabled: true }),
    after: holds('#Rollcall: a\n#* * * * * new\n0 0 * * * other\n#Ansible: a\n* * * * * theirs\n'),
  },
  {
    name: 'cron makes an entry whose line was lost',
    before: holding('#Rollcall: a\n#Rollcall: b\n* * * * * b\n'),
    call: () => cron({ name: 'a', job: 'a' }),
    after: holds('#Rollcall: a\n* * * * * a\n#Rollcall: b\n* * * * * b\n'),
  },
  {
    name: 'cron leaves an entry',
    before: holding('#Rollcall: a\n0 0 1,15 jan * true\n'),
    call: () => cron({ name: 'a', job: 'true', minute: '0', hour: 0, day: '1,15', month: 'jan' }),
    expect: 'nothing',
  },
  {
    name: 'cron removes an entry',
    before: holding('MAILTO=x\n#Rollcall: a\n* * * * * a\n* * * * * b\n'),
    call: () => cron({ name: 'a', state: 'absent' }),
    after: holds('MAILTO=x\n* * * * * b\n'),
  },
  {
    name: 'cron removes the last entry, and the crontab with it',
    before: holding('#Rollcall: a\n* * * * * a\n'),
    call: () => cron({ name: 'a', state: 'absent', backup: true }),
    after: (root) => {
      expect(existsSync(`${root}/var/spool/cron/crontabs/root`)).toBe(false)
      return sh`grep -q 'a$' /var/backups/crontab-root.*~`
    },
  },
  { name: 'cron leaves what is absent', before: program, call: () => cron({ name: 'a', state: 'absent' }), expect: 'nothing' },
  {
    name: 'cron sets a variable above the entries',
    before: holding('* * * * * a\n'),
    call: () => cron({ name: 'MAILTO', env: true, job: 'ops@dynia.test' }),
    after: holds('MAILTO="ops@dynia.test"\n* * * * * a\n'),
  },
  {
    name: 'cron changes a variable',
    before: holding('PATH=/a\n MAILTO = x\nMAILTO=y\n* * * * * a\n'),
    call: () => cron({ name: 'MAILTO', env: true, job: 'z' }),
    after: holds('PATH=/a\nMAILTO="z"\n* * * * * a\n'),
  },
  {
    name: 'cron removes a variable',
    before: holding('MAILTO=x\n* * * * * a\n'),
    call: () => cron({ name: 'MAILTO', env: true, state: 'absent' }),
    after: holds('* * * * * a\n'),
  },
  {
    name: 'cron writes a file of cron.d',
    call: () => cron({ name: 'a', job: 'true', cronFile: 'app', minute: '*/10', user: 'nobody' }),
    after: (root) => {
      fileHolds('#Rollcall: a\n*/10 * * * * nobody true\n')(root)
      expect(modeOf(`${root}/etc/cron.d/app`)).toBe('644')
    },
  },
  {
    name: 'cron leaves a file of cron.d',
    before: file('#Rollcall: a\n@reboot root true\n'),
    call: () => cron({ name: 'a', job: 'true', cronFile: 'app', specialTime: 'reboot' }),
    expect: 'nothing',
  },
  {
    name: 'cron sets a variable in a file of cron.d',
    before: file('* * * * * root a\n'),
    call: () => cron({ name: 'SHELL', job: '/bin/sh', env: true, cronFile: '/etc/cron.d/app', backup: true }),
    after: fileHolds('SHELL="/bin/sh"\n* * * * * root a\n'),
  },
  {
    name: 'cron removes a file of cron.d with its last line',
    before: file('#Rollcall: a\n* * * * * root a\n'),
    call: () => cron({ name: 'a', state: 'absent', cronFile: 'app', backup: true }),
    after: sh`! [ -e /etc/cron.d/app ] && ls /etc/cron.d/app.*~`,
  },
  {
    name: 'cron refuses a user that is not there',
    before: program,
    call: () => cron({ name: 'a', job: 'true', user: 'joe' }),
    expect: 'refusal',
  },
  ...(
    [
      ['a minute too many', { minute: 60 }],
      ['a day 0', { day: '0' }],
      ['a month of no name', { month: 'jam' }],
      ['a step of nothing', { minute: '*/0' }],
      ['a range backwards', { hour: '5-1' }],
      ['an empty part', { hour: '1,,2' }],
      ['two times', { hour: 1, specialTime: 'daily' }],
      ['two lines', { job: 'true\n* * * * * root evil' }],
      ['a name of two lines', { name: 'a\n* * * * * evil' }],
      ['no job', { job: undefined }],
      ['a variable with blanks', { name: 'A B', env: true }],
      ['a file that cron ignores', { cronFile: 'app.conf' }],
      ['a file elsewhere', { cronFile: '../passwd' }],
    ] as const
  ).map(
    ([what, more]): LawCase => ({
      name: `cron refuses ${what}`,
      before: program,
      call: () => cron({ name: 'a', job: 'true', ...more }),
      expect: 'refusal',
    }),
  ),
  {
    name: 'cron takes hostile names and jobs',
    hostile: true,
    before: program,
    call: (_, hostile) => cron({ name: hostile.replaceAll('\n', ' '), job: hostile.replaceAll('\n', ' '), backup: true }),
    after: (root, hostile) => holds(`#Rollcall: ${hostile.replaceAll('\n', ' ')}\n* * * * * ${hostile.replaceAll('\n', ' ')}\n`)(root),
  },
  {
    name: 'cron refuses hostile users',
    hostile: true,
    before: program,
    call: (_, hostile) => cron({ name: 'a', job: 'true', user: `a${hostile}:` }),
    expect: 'refusal',
  },
  {
    name: 'cron takes hostile files',
    hostile: true,
    call: (_, hostile) => cron({ name: 'a', job: 'true', cronFile: `/srv/${hostile}` }),
  },
]

/** Debian's own cron, where a sandbox has busybox's. */
const installed = sh`command -v crontab >/dev/null || { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install cron; } >/dev/null 2>&1
crontab -r 2>/dev/null; crontab -u guarded -r 2>/dev/null; true`
const tab = (content: string, user = 'root') => sh`${installed}
printf %s ${content} | crontab -u ${user} -`
const lists = (content: string, user = 'root') => sh`[ "$(crontab -u ${user} -l)" = ${content} ]`

export const labCases: readonly LawCase[] = [
  {
    name: 'cron of Debian: a new crontab',
    before: installed,
    call: () => cron({ name: 'a', job: 'true', minute: 5 }),
    after: lists('#Rollcall: a\n5 * * * * true'),
  },
  {
    name: 'cron of Debian: the crontab of another user',
    before: tab('# mine\n', 'guarded'),
    call: () => cron({ name: 'a', job: 'true', user: 'guarded', specialTime: 'hourly' }),
    after: lists('# mine\n#Rollcall: a\n@hourly true', 'guarded'),
  },
  {
    name: 'cron of Debian: nothing to do',
    before: tab('#Rollcall: a\n* * * * * true\n'),
    call: () => cron({ name: 'a', job: 'true' }),
    expect: 'nothing',
  },
  {
    name: 'cron of Debian: the last entry goes',
    before: tab('#Rollcall: a\n* * * * * true\n'),
    call: () => cron({ name: 'a', state: 'absent', user: 'root' }),
    after: sh`! crontab -l 2>/dev/null`,
  },
  {
    name: 'cron of Debian: no such user',
    before: installed,
    call: () => cron({ name: 'a', job: 'true', user: 'nosuch' }),
    expect: 'refusal',
  },
]
