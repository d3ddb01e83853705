import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { Secret } from '../util/secret.ts'
import type { Context } from './context.ts'
import { runForOutput } from './run-for-output.ts'
import { openTerminal } from './terminal.ts'

export interface BecomePasswordArguments {
  readonly 'ask-become-pass'?: boolean | undefined
  readonly 'become-password-file'?: string | undefined
}

/**
 * The password that the command line gives for becoming: asked for once, or out of a file. Undefined where it gives none.
 * @throws RollcallError (exit 1) where it cannot be had; no host has been contacted.
 */
export async function becomePasswordOf(args: BecomePasswordArguments, context: Context): Promise<Secret | undefined> {
  const { 'ask-become-pass': asks, 'become-password-file': file } = args
  if (asks && file !== undefined)
    throw mistake('--ask-become-pass and --become-password-file exclude each other', file, 'Give one of them.')
  if (file !== undefined) return fromFile(resolve(context.cwd, file), file, context)
  return asks ? asked(context) : undefined
}

async function asked({ screen }: Context): Promise<Secret> {
  const terminal = openTerminal(screen)
  if (!terminal)
    throw mistake(
      '--ask-become-pass needs a terminal to ask at',
      'standard input or standard error is none',
      'Give a file, or a program that prints it: --become-password-file FILE. Or becomePassword in the inventory.',
    )
  const typed = await terminal.ask('become password', { echo: false })
  if (typed === '') throw mistake('The become password is empty', 'nothing was typed', 'Leave --ask-become-pass out where none is needed.')
  return new Secret(typed)
}

async function fromFile(path: string, named: string, { screen, errorColours }: Context): Promise<Secret> {
  const { mode, runs } = lookAt(path, named)
  const text = runs ? await runForOutput(path, named) : read(path, named)
  if (!runs && (mode & 0o044) !== 0)
    screen.note(errorColours.warning(`warning: others can read the become password in ${named}: chmod 600 ${named}`))
  const password = text.replace(/[\r\n]+$/, '')
  if (password === '') throw mistake('The become password is empty', named, 'The file, or what the program prints, is the password.')
  if (/[\r\n\0]/.test(password))
    throw mistake('A become password is one line', `${named} gives more`, 'The whole file is the password; nothing in it is skipped.')
  return new Secret(password)
}

function lookAt(path: string, named: string): { readonly mode: number; readonly runs: boolean } {
  try {
    const found = statSync(path)
    if (found.isDirectory()) throw new Error('it is a directory')
    return { mode: found.mode, runs: found.isFile() && (found.mode & 0o111) !== 0 && mayRun(path) }
  } catch (cause) {
    throw unreadable(named, cause)
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

function read(path: string, named: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(named, cause)
  }
}

function unreadable(named: string, cause: unknown): RollcallError {
  return mistake(
    'The file of the become password cannot be read',
    `${named}: ${(cause as Error).message}`,
    'A relative path begins in the folder you stand in.',
  )
}

function mistake(summary: string, detail: string, fix: string): RollcallError {
  return new RollcallError({ summary, detail, fix, exitCode: 1 })
}
