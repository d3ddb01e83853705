import { existsSync, readdirSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { findProject } from '../load/project.ts'
import { RollcallError } from '../model/errors.ts'
import { count } from '../report/index.ts'
import { shortestRedacted } from '../util/redact.ts'
import { suggest } from '../util/suggest.ts'
import type { Context } from './context.ts'
import { lendTerminal } from './interrupt.ts'

type Secrets = typeof import('../secrets/index.ts')
type OpenFile = Awaited<ReturnType<Secrets['openFile']>>
type Lock = Awaited<ReturnType<Secrets['lockOf']>>

export interface LockArguments {
  readonly recipient?: readonly string[] | undefined
  readonly passphrase?: boolean | undefined
}

export async function open({ engine, env, cwd }: Context) {
  const secrets = await engine.secrets()
  const shown = (path: string) => {
    const short = relative(cwd, path)
    return short === '' || short.startsWith('..') ? path : short
  }
  return { secrets, place: { env, shown } }
}

export async function openNamed(word: string, context: Context) {
  const { secrets, place } = await open(context)
  return { secrets, place, opened: await secrets.openFile(findFile(word, context), place) }
}

const folderOf = (cwd: string) => join(findProject(cwd).root, 'secrets')
const isPath = (word: string) => word.includes('/') || word.endsWith('.age')

export function newPath(word: string, { cwd }: Context): string {
  return isPath(word) ? resolve(cwd, word) : join(folderOf(cwd), `${word}.age`)
}

/** A file by its path, or by its name in `secrets/` with or without `.age`. */
export function findFile(word: string, context: Context): string {
  const direct = resolve(context.cwd, word)
  if (existsSync(direct)) return direct
  if (word.includes('/')) throw missing(word, [])
  const folder = folderOf(context.cwd)
  const names = existsSync(folder) ? readdirSync(folder).filter((each) => each.endsWith('.age')) : []
  const found = names.find((each) => each === word || each === `${word}.age`)
  if (found === undefined) throw missing(word, names)
  return join(folder, found)
}

function missing(word: string, names: readonly string[]): RollcallError {
  const known = names.map((each) => basename(each, '.age'))
  const meant = suggest(basename(word, '.age'), known)
  const listed = known.length === 0 ? `Make it:\nrollcall secret create ${word}` : `secrets/ holds: ${known.join(', ')}.`
  return mistake('There is no such file of secrets', `'${word}'`, meant ? `Did you mean '${meant}'?` : listed)
}

export function secretOf(opened: OpenFile, asked: string, shown: string): string {
  const value = opened.values.get(asked)
  if (value !== undefined) return value
  const names = [...opened.values.keys()]
  const meant = suggest(asked, names)
  const listed = names.length === 0 ? 'It holds none.' : `It holds: ${names.join(', ')}.`
  throw mistake('There is no such secret', `'${asked}' in ${shown}`, meant ? `Did you mean '${meant}'?` : listed)
}

export async function change(
  args: { readonly file: string; readonly name: string },
  context: Context,
  read: (secrets: Secrets) => Promise<string>,
): Promise<number> {
  const { secrets, opened, place } = await openNamed(args.file, context)
  const wrong = secrets.nameProblem(args.name)
  if (wrong !== undefined)
    throw mistake(
      'This cannot be the name of a secret',
      wrong,
      `rollcall secret set ${args.file} ${args.name.replace(/[^A-Za-z0-9_]+/g, '_')}`,
    )
  const lock = await secrets.lockOf(opened, place)
  const value = await read(secrets)
  if (value === '')
    throw mistake('The value is empty', args.name, 'Nothing was changed. Take the secret away instead:\nrollcall secret remove …')
  if (opened.values.get(args.name) === value) return unchanged(opened, context)
  return save(opened.path, secrets.formatDocument(new Map([...opened.values, [args.name, value]])), lock, context, secrets)
}

export function edit(text: string, { env, screen, errorColours }: Context, secrets: Secrets): Promise<string> {
  return secrets.editText(text, {
    env,
    note: (line) => screen.note(errorColours.warning(line)),
    problemOf: (edited) => problemOf(edited, secrets),
    again: async () => secrets.canAsk() && !/^n/i.test(await secrets.ask('Edit it again? [Y/n] ')),
    lend: lendTerminal,
  })
}

export function problemOf(text: string, secrets: Secrets): string | undefined {
  const parsed = secrets.parseDocument(text)
  return 'problem' in parsed ? `line ${parsed.problem.line}, column ${parsed.problem.column}: ${parsed.problem.message}` : undefined
}

export function unchanged({ path }: OpenFile, { screen, errorColours }: Context): number {
  screen.note(errorColours.faint(`nothing changed: ${path} is as it was`))
  return 0
}

/** How the options say to lock a file; undefined when they say nothing. */
export async function chosenLock(path: string, args: LockArguments, context: Context): Promise<Lock | undefined> {
  const { secrets, place } = await open(context)
  if (args.passphrase && args.recipient)
    throw mistake(
      '--passphrase and --recipient exclude each other',
      place.shown(path),
      'A file of age is locked in one way: give one of them.',
    )
  if (args.passphrase) return { kind: 'passphrase', passphrase: await secrets.askPassphrase(place.shown(path), { isNew: true }) }
  if (!args.recipient) return undefined
  const recipients = await Promise.all(args.recipient.map((each) => secrets.checkRecipient(each.trim(), '--recipient')))
  return { kind: 'recipients', recipients }
}

/** Where nobody has said who may open the project's secrets, a first file says: its recipients, or whoever makes it. */
export async function newLock(path: string, args: LockArguments, context: Context): Promise<Lock> {
  const { secrets, place } = await open(context)
  const chosen = await chosenLock(path, args, context)
  if (chosen?.kind === 'passphrase') return chosen
  const listFile = secrets.recipientsFile(path)
  const listed = await secrets.readRecipients(listFile)
  if (chosen) {
    if (!listed) beginList(listFile, chosen.recipients, context, secrets)
    return chosen
  }
  if (listed) return { kind: 'recipients', recipients: listed }
  const own = await secrets.findIdentities(context.env)
  if (!own) return secrets.lockOf({ path }, place)
  const recipients = await Promise.all(own.identities.map(secrets.recipientOf))
  beginList(listFile, recipients, context, secrets)
  return { kind: 'recipients', recipients }
}

function beginList(path: string, recipients: readonly string[], { screen, errorColours, cwd }: Context, secrets: Secrets): void {
  secrets.writeRecipients(path, recipients)
  screen.note(errorColours.faint(`${relative(cwd, path)} says who may open the secrets: ${recipients.join(', ')}`))
}

export async function save(path: string, text: string, lock: Lock, context: Context, secrets: Secrets): Promise<number> {
  const { place } = await open(context)
  const parsed = secrets.parseDocument(text)
  if ('problem' in parsed)
    throw mistake('A file of secrets does not hold names and texts', parsed.problem.message, `rollcall secret edit ${place.shown(path)}`)
  await secrets.saveFile(path, text, lock)
  const { screen, errorColours } = context
  const whom = lock.kind === 'passphrase' ? 'a passphrase' : count(lock.recipients.length, 'recipient')
  screen.note(`${place.shown(path)}: ${count(parsed.values.size, 'secret')}, encrypted for ${whom}`)
  for (const [each, value] of parsed.values)
    if (value.length < shortestRedacted)
      screen.note(
        errorColours.warning(
          `${each} has fewer than ${shortestRedacted} characters: it is not looked for in what hosts say, so a host that repeats it shows it`,
        ),
      )
  if (lock.kind === 'recipients') {
    const own = await secrets.findIdentities(context.env)
    const keys = own ? await Promise.all(own.identities.map(secrets.recipientOf)) : []
    if (keys.length > 0 && !keys.some((key) => lock.recipients.includes(key)))
      screen.note(errorColours.warning(`your own key is none of them: you cannot open ${place.shown(path)} any more`))
  }
  return 0
}

export function mistake(summary: string, detail: string, fix: string): RollcallError {
  return new RollcallError({ summary, detail, fix, exitCode: 1 })
}
