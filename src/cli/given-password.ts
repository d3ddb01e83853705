import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { Secret } from '../util/secret.ts'
import type { Context } from './context.ts'
import { runForOutput } from './run-for-output.ts'
import { openTerminal } from './terminal.ts'

/** A password that the command line may give, by either of two options. */
export interface PasswordKind {
  /** As it is asked for, and called in messages: `become password`. */
  readonly name: string
  /** The option that asks for it at the terminal. */
  readonly asks: string
  /** The option that names a file with it, or a program that prints it. */
  readonly file: string
  /** Where else it may stand. */
  readonly instead: string
}
/** What the two options of a kind say. */
export interface PasswordWords {
  readonly asks: boolean | undefined
  readonly file: string | undefined
}

/** @throws RollcallError (exit 1) where a password is asked for and a file of it given, too. */
export function refuseBoth(kind: PasswordKind, { asks, file }: PasswordWords): void {
  if (asks && file !== undefined) throw mistake(`${kind.asks} and ${kind.file} exclude each other`, file, 'Give one of them.')
}

/**
 * The password that the command line gives: asked for once, or out of a file. Undefined where it gives none.
 * @param usual Stands for an empty answer, and the question says so; without it that is refused.
 * @throws RollcallError (exit 1) where it cannot be had; no host has been contacted.
 */
export async function givenPassword(
  kind: PasswordKind,
  words: PasswordWords,
  context: Context,
  usual?: { readonly called: string; readonly password: Secret },
): Promise<Secret | undefined> {
  refuseBoth(kind, words)
  const { asks, file } = words
  if (file !== undefined) return fromFile(kind, resolve(context.cwd, file), file, context)
  return asks ? asked(kind, context, usual) : undefined
}

async function asked(
  { name, asks, file, instead }: PasswordKind,
  { screen }: Context,
  usual?: { readonly called: string; readonly password: Secret },
): Promise<Secret> {
  const terminal = openTerminal(screen)
  if (!terminal)
    throw mistake(
      `${asks} needs a terminal to ask at`,
      'standard input or standard error is none',
      `Give a file, or a program that prints it: ${file} FILE. Or ${instead}.`,
    )
  const typed = await terminal.ask(usual ? `${name} [defaults to ${usual.called}]` : name, { echo: false })
  if (typed !== '') return new Secret(typed)
  if (usual) return usual.password
  throw mistake(`The ${name} is empty`, 'nothing was typed', `Leave ${asks} out where none is needed.`)
}

async function fromFile({ name }: PasswordKind, path: string, named: string, { screen, errorColours }: Context): Promise<Secret> {
  const { mode, runs } = lookAt(name, path, named)
  const text = runs ? await runForOutput(path, named, name) : read(name, path, named)
  if (!runs && (mode & 0o044) !== 0)
    screen.note(errorColours.warning(`warning: others can read the ${name} in ${named}: chmod 600 ${named}`))
  const password = text.replace(/[\r\n]+$/, '')
  if (password === '') throw mistake(`The ${name} is empty`, named, 'The file, or what the program prints, is the password.')
  if (/[\r\n\0]/.test(password))
    throw mistake(`The ${name} is more than one line`, named, 'The whole file is the password; nothing in it is skipped.')
  return new Secret(password)
}

function lookAt(name: string, path: string, named: string): { readonly mode: number; readonly runs: boolean } {
  try {
    const found = statSync(path)
    if (found.isDirectory()) throw new Error('it is a directory')
    return { mode: found.mode, runs: found.isFile() && (found.mode & 0o111) !== 0 && mayRun(path) }
  } catch (cause) {
    throw unreadable(name, named, cause)
  }
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function read(name: string, path: string, named: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(name, named, cause)
  }
}

function unreadable(name: string, named: string, cause: unknown): RollcallError {
  return mistake(
    `The file of the ${name} cannot be read`,
    `${named}: ${(cause as Error).message}`,
    'A relative path begins in the folder you stand in.',
  )
}

function mistake(summary: string, detail: string, fix: string): RollcallError {
  return new RollcallError({ summary, detail, fix, exitCode: 1 })
}
