import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, Wanted, WantedState } from '../dsl/resource.ts'
import { run, type Step, write } from '../dsl/step.ts'
import { accountId } from '../resources/account-script.ts'
import { type CrontabState, crontab as crontabOf } from '../resources/crontab.ts'
import { type FileState, file as fileAt } from '../resources/file.ts'
import { sh } from '../util/sh.ts'
import { sha256 } from '../util/sha256.ts'
import { contentsOf, cronEntry, withEntry, withVariable } from './cron-entry.ts'
import { type CronParams, cronParams } from './cron-params.ts'
import { fieldsOf } from './result-fields.ts'

/** One of the two is read. */
type CronReads = { readonly crontab: Read<CrontabState>; readonly file: Read<FileState> }
type Found = { readonly crontab?: CrontabState; readonly file?: FileState }

function pathOf({ cronFile = '' }: CronParams): string {
  return cronFile.startsWith('/') ? cronFile : `/etc/cron.d/${cronFile}`
}

function readsOf(params: CronParams): CronReads {
  refuse(params)
  return (params.cronFile === undefined
    ? { crontab: crontabOf(params.user) }
    : { file: fileAt(pathOf(params), 'content') }) as unknown as CronReads
}

function refuse(params: CronParams): void {
  const { name, job, state = 'present', user = 'root', cronFile, env } = params
  for (const [field, text] of Object.entries({ name, job }))
    if (text !== undefined && /\p{Cc}/u.test(text.replaceAll('\t', '')))
      throw new Refusal(`${field} of a cron entry holds a line's end: ${JSON.stringify(text)}`)
  accountId('user', user)
  if (cronFile !== undefined && !/^(\/.*|[A-Za-z0-9_-]+)$/s.test(cronFile))
    throw new Refusal(
      `cron ignores a file of the name ${JSON.stringify(cronFile)}`,
      'Letters, digits, _ and - only; or give an absolute path.',
    )
  if (state === 'present' && job === undefined)
    throw new Refusal(`'${name}' needs a job`, env ? 'It is the value of the variable.' : 'It is the command to run.')
  if (env && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Refusal(`'${name}' cannot be the name of a variable`)
  if (state === 'present' && !env) cronEntry(params, cronFile === undefined ? undefined : user)
}

/** The text with the entry or variable as asked for. */
function wantedText(params: CronParams, text: string): string {
  const { name, job = '', state = 'present', user = 'root', cronFile, env } = params
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const present = state === 'present'
  const wanted = env
    ? withVariable(lines, name, present ? job : undefined)
    : withEntry(lines, name, present ? cronEntry(params, cronFile === undefined ? undefined : user) : undefined)
  // Only a change may mend a missing end of the last line: cron ignores a line without one.
  const same = wanted.length === lines.length && wanted.every((line, index) => line === lines[index])
  return same && (!present || text.endsWith('\n')) ? text : wanted.map((line) => `${line}\n`).join('')
}

function planOf(params: CronParams, { crontab, file }: Found): Wanted<CronReads> {
  if (crontab) return { crontab: planCrontab(params, crontab) }
  if (file!.exists && file!.type !== 'file') throw new Refusal(`${pathOf(params)} is not a file on this host`)
  return { file: planFile(params, file!) }
}

function planCrontab(params: CronParams, found: CrontabState): WantedState<CrontabState> {
  const content = wantedText(params, found.content)
  if (content === found.content) return {}
  if (found.obstacle === 'no user') throw new Refusal(`there is no user ${found.user} on this host, so it can have no crontab`)
  if (found.obstacle === 'no program')
    throw new Refusal('this host has no crontab', "Install it by a task before this one: apt({ name: 'cron' }); or name a cronFile.")
  return { exists: content !== '', content }
}

const utf8 = (content: Uint8Array | undefined) => (content === undefined ? '' : Buffer.from(content).toString('utf8'))

function planFile(params: CronParams, found: FileState): WantedState<FileState> {
  const old = found.exists ? utf8(found.content) : ''
  const text = wantedText(params, old)
  if (text === old) return {}
  if (text === '') return { exists: false }
  const content = new TextEncoder().encode(text)
  return { ...(!found.exists && ({ exists: true, type: 'file', mode: '0644' } as const)), sha256: sha256(content), content }
}

function stepsOf(params: CronParams, found: Found, wanted: Wanted<CronReads>): readonly Step[] {
  const { backup = false } = params
  if (found.crontab) return crontabSteps(params, found.crontab, String(wanted.crontab?.content))
  const path = found.file!.realPath
  const content = wanted.file?.content
  if (content instanceof Uint8Array) return [write(path, content, { backup })]
  return [run(sh`${backup ? sh`cp -p -- ${path} ${`${path}.${sumOf(utf8(present(found)))}~`} &&` : sh``} rm -f -- ${path}`)]
}

const present = ({ file }: Found) => (file?.exists ? file.content : undefined)
const sumOf = (text: string) => sha256(text).slice(0, 12)

function crontabSteps({ user, backup }: CronParams, found: CrontabState, content: string): readonly Step[] {
  const whose = user === undefined ? [] : ['-u', user]
  return [
    ...(backup && found.exists
      ? [run(sh`mkdir -p /var/backups && umask 077 && cat >${backupOf(found)}`, new TextEncoder().encode(found.content))]
      : []),
    content === '' ? run(sh`crontab ${whose} -r`) : run(sh`crontab ${whose} -`, new TextEncoder().encode(content)),
  ]
}

const backupOf = ({ user, content }: CrontabState) => `/var/backups/crontab-${user}.${sumOf(content)}~`

/** What `cron` left. */
export interface CronResult {
  readonly name: string
  readonly state: 'present' | 'absent'
  /** Names of the entries of the crontab or file, as it was left. */
  readonly jobs: readonly string[]
  /** Names of its variables. */
  readonly envs: readonly string[]
  readonly backupFile?: string
}

/** Entries of crontabs and of files in /etc/cron.d. */
export const cron = defineModule({
  name: 'cron',
  summary: 'An entry or a variable of a crontab, or of a file in /etc/cron.d',
  params: cronParams,
  reads: readsOf,
  plan: planOf,
  steps: (params, { found, wanted }) => stepsOf(params, found, wanted),
  touches: ({ cronFile }) => (cronFile === undefined ? ['file:/var/spool/cron/*', 'file:/var/backups/*'] : []),
  result: ({ name, state = 'present', backup }, { before, after, changed }): CronResult => {
    const [old, { crontab, file }] = [before as Found, after as Found]
    return {
      name,
      state,
      ...contentsOf(crontab?.content ?? utf8(file?.exists ? file.content : undefined)),
      ...(backup && changed && old.crontab?.exists && { backupFile: backupOf(old.crontab) }),
    }
  },
  resultFields: fieldsOf<CronResult>({
    name: 'the name as it was given',
    state: "'present' or 'absent'",
    jobs: 'names of all entries of Rollcall in the crontab or file, as it was left',
    envs: 'names of the variables in it',
    backupFile: 'where the old crontab is kept, if backup was asked for and there was one',
  }),
})
