import { readFile } from 'node:fs/promises'
import type { AnyAuthMethod, AuthHandlerMiddleware, BaseAgent, ParsedKey } from 'ssh2'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { rememberLast } from '../util/remember-last.ts'
import { sh } from '../util/sh.ts'
import { fingerprint } from './known-hosts.ts'
import type { SshTarget } from './target.ts'

type Ssh2 = typeof import('ssh2')

interface Attempt {
  readonly label: string
  readonly method: AnyAuthMethod
}

/** How a login is tried: in order, each attempt once. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware
  /** The error when the host has refused everything; names what was tried and what could not be. */
  refused(): UnreachableError
}

interface Identities {
  readonly attempts: readonly Attempt[]
  readonly publicKeys: readonly Buffer[]
  readonly encrypted: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Collects keys, agent and password of a target.
 * @throws RollcallError when there is nothing to log in with, before any connection is made.
 */
export async function prepareAuthentication(ssh2: Ssh2, target: SshTarget): Promise<Authentication> {
  const { user, host } = target
  const identities = await loadIdentities(ssh2, target)
  const attempts: Attempt[] = [...identities.attempts]
  if (target.agent !== undefined) {
    const agent = target.identitiesOnly === true ? onlyIdentities(ssh2, target.agent, identities.publicKeys) : target.agent
    attempts.push({ label: `agent ${target.agent}`, method: { type: 'agent', username: user, agent } })
  }
  if (target.password !== undefined) {
    const password = target.password.reveal()
    attempts.push({ label: 'password', method: { type: 'password', username: user, password } })
    attempts.push({
      label: 'keyboard-interactive with the password',
      // One hidden question is the password; anything else (a one-time code) cannot be answered from here.
      method: {
        type: 'keyboard-interactive',
        username: user,
        prompt: (_name, _text, _lang, prompts, finish) => finish(prompts.length === 1 && prompts[0]?.echo !== true ? [password] : []),
      },
    })
  }
  if (attempts.length === 0) throw nothingToTry(target, identities)

  const tried: string[] = []
  let accepts: readonly string[] | undefined
  return {
    handler(left, _partial, next) {
      if (left !== null) accepts = left
      for (let attempt = attempts.shift(); attempt !== undefined; attempt = attempts.shift()) {
        const wanted = attempt.method.type === 'agent' ? 'publickey' : attempt.method.type
        if (accepts !== undefined && !accepts.includes(wanted)) continue
        tried.push(attempt.label)
        return next(attempt.method)
      }
      return next(false as never) // the types leave out that `false` ends the attempts
    },
    refused() {
      return new UnreachableError({
        summary: `The host refused the login as '${user}'`,
        detail: [
          `tried: ${tried.join(', ') || 'nothing that it accepts'}`,
          ...(accepts === undefined ? [] : [`it accepts: ${accepts.join(', ') || 'nothing more'}`]),
          ...identities.notes,
        ].join('\n'),
        host,
        fix:
          identities.encrypted[0] === undefined
            ? `Check the user and its key; this shows more:\n${loginCommand(target)}`
            : unlock(identities.encrypted[0]),
      })
    },
  }
}

function loginCommand(target: SshTarget): string {
  return sh`ssh -v -p ${target.port} ${`${target.user}@${target.address}`} true`.text
}

function unlock(file: string): string {
  return `Load the encrypted key into an ssh-agent:\n${sh`ssh-add ${file}`.text}`
}

async function loadIdentities(ssh2: Ssh2, target: SshTarget): Promise<Identities> {
  const attempts: Attempt[] = []
  const publicKeys: Buffer[] = []
  const encrypted: string[] = []
  const notes: string[] = []
  for (const file of target.identityFiles ?? []) {
    const key = await readKey(ssh2, file)
    const pub = await readKey(ssh2, `${file}.pub`)
    if (!(pub instanceof Error)) publicKeys.push(pub.getPublicSSH())
    if (!(key instanceof Error)) {
      if (!key.isPrivateKey()) {
        notes.push(`${file}: a public key`)
        continue
      }
      publicKeys.push(key.getPublicSSH())
      attempts.push({ label: `${file} (${fingerprint(key.getPublicSSH())})`, method: { type: 'publickey', username: target.user, key } })
    } else if (/encrypted/i.test(key.message)) {
      encrypted.push(file)
      notes.push(`${file}: encrypted, and there is nobody to ask for its passphrase`)
    } else if ((key as NodeJS.ErrnoException).code !== 'ENOENT') {
      notes.push(`${file}: ${key.message}`)
    }
  }
  return { attempts, publicKeys, encrypted, notes }
}

/** Parsing a key costs as much as a good part of a login; hosts share few. A key that is parsed does not change. */
function parsed(ssh2: Ssh2): (file: string, bytes: Buffer) => ParsedKey | Error {
  keys ??= rememberLast(
    (bytes: Buffer) => {
      const key = ssh2.utils.parseKey(bytes)
      // ssh2 gives a list for formats that may hold several keys; there is only ever one.
      return Array.isArray(key) ? (key[0] as ParsedKey) : key
    },
    (one, other) => one.equals(other),
  )
  return keys
}
let keys: ReturnType<typeof parsed> | undefined

async function readKey(ssh2: Ssh2, file: string): Promise<ParsedKey | Error> {
  try {
    return parsed(ssh2)(file, await readFile(file))
  } catch (error) {
    return error as Error
  }
}

function onlyIdentities(ssh2: Ssh2, socket: string, keys: readonly Buffer[]): BaseAgent {
  const agent = ssh2.createAgent(socket)
  const all = agent.getIdentities.bind(agent)
  agent.getIdentities = (callback) =>
    all((error, found) => {
      const wanted = found?.filter((key) => {
        const parsed = ssh2.utils.parseKey(key as Buffer)
        return !(parsed instanceof Error) && keys.some((known) => known.equals(parsed.getPublicSSH()))
      })
      callback(error, wanted)
    })
  return agent
}

function nothingToTry(target: SshTarget, identities: Identities): RollcallError {
  const [locked] = identities.encrypted
  return new RollcallError({
    summary: locked === undefined ? 'There is nothing to log in with' : 'The private key is encrypted, and there is no agent that holds it',
    detail: [
      `user '${target.user}', keys looked for: ${target.identityFiles?.join(', ') || 'none'}; no agent; no password`,
      ...identities.notes,
    ].join('\n'),
    host: target.host,
    fix:
      locked === undefined
        ? 'Name an identityFile in the inventory or in ~/.ssh/config, or start an ssh-agent and add a key to it.'
        : unlock(locked),
  })
}
