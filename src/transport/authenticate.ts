import type { AnyAuthMethod, AuthHandlerMiddleware, Client, ParsedKey } from 'ssh2'
import type { UnreachableError } from '../model/errors.ts'
import { type AgentKey, agentKeys, oneKey, signByAgent } from './agent.ts'
import { answerPrompts } from './answer-questions.ts'
import { somebodyToAsk } from './ask-person.ts'
import { nothingToTry, refusedLogin } from './authenticate-errors.ts'
import { type Identities, type Identity, loadIdentities } from './identities.ts'
import { fingerprint } from './known-hosts.ts'
import { optionOf } from './password-words.ts'
import { watchRefusals } from './ssh2-turns.ts'
import type { LoginMethod, SshTarget } from './target.ts'
import { nobodyToAsk, unlockIdentity } from './unlock-identity.ts'

type Ssh2 = typeof import('ssh2')
type Pause = <T>(work: () => Promise<T>) => Promise<T>

/** One try of one method; `only` says when it is worth one. */
interface Attempt {
  readonly label: string
  readonly wants: LoginMethod
  readonly method: AnyAuthMethod
  /** Only after the host has taken another: a second factor, for which a person is asked. */
  readonly further?: boolean
}

/** How a login is tried: in order, each attempt once. */
export interface Authentication {
  readonly handler: AuthHandlerMiddleware
  /** To be called behind `connect`: hears what the host itself says of each refusal. */
  watch(client: Client): void
  /** The error when the host has refused everything, or has had enough of it; names what was tried and what could not be. */
  refused(reason?: string): UnreachableError
}

const openssh: readonly LoginMethod[] = ['publickey', 'keyboard-interactive', 'password']

/**
 * Collects keys, agent and password of a target. `pause` keeps the time that a person takes from counting.
 * @throws RollcallError when there is nothing to log in with, before any connection is made.
 */
export async function prepareAuthentication(ssh2: Ssh2, target: SshTarget, pause: Pause): Promise<Authentication> {
  const { user, password, methods = openssh } = target
  const notes: string[] = []
  const option = optionOf(password)
  const its = option === undefined ? '' : ` of ${option}`
  const found = await loadIdentities(ssh2, target)
  const keys = await publicKeyAttempts(ssh2, target, found, notes, pause)
  const of: Record<LoginMethod, readonly Attempt[]> = { publickey: keys, 'keyboard-interactive': [], password: [] }
  if (password !== undefined || mayAsk(target)) {
    const label = password === undefined ? 'keyboard-interactive' : `keyboard-interactive with the password${its}`
    const prompt = answerPrompts(target, notes, pause)
    const method = { type: 'keyboard-interactive' as const, username: user, prompt }
    of['keyboard-interactive'] = [{ label, wants: 'keyboard-interactive', method, further: password === undefined }]
  }
  if (password !== undefined)
    of.password = [
      { label: `password${its}`, wants: 'password', method: { type: 'password', username: user, password: password.reveal() } },
    ]
  const left = methods.flatMap((method) => of[method])
  for (const method of openssh)
    if (!methods.includes(method) && of[method].length > 0 && !of[method].every(({ further }) => further))
      notes.push(`${method}: not tried, the ssh configuration does not allow it`)
  if (left.every(({ further }) => further)) throw nothingToTry(target, [...found.notes, ...notes], lockedFile(found))

  const tried: string[] = []
  let accepts: readonly string[] | undefined
  let partial = false
  return {
    watch: (client) =>
      watchRefusals(client, (methodsLeft, partly) => {
        accepts = methodsLeft
        if (partly) partial = true
      }),
    handler(said, partly, next) {
      accepts = said ?? accepts
      if (partly) partial = true
      const at = left.findIndex(({ wants, further }) => (accepts?.includes(wants) ?? true) && (!further || partial))
      const [attempt] = at < 0 ? [] : left.splice(at, 1)
      if (!attempt) return next(false as never) // the types leave out that `false` ends the attempts
      tried.push(attempt.label)
      return next(attempt.method)
    },
    refused: (reason) =>
      refusedLogin(target, { tried, accepts, partial, notes: [...found.notes, ...notes], locked: lockedFile(found), reason }),
  }
}

/** Whether a person may be asked for something this login needs. */
function mayAsk({ batch }: SshTarget): boolean {
  return batch !== true && somebodyToAsk()
}

const lockedFile = ({ identities }: Identities) => identities.find(({ locked }) => locked !== undefined)?.file

/**
 * In OpenSSH's order: keys of the agent that are named, its others, then files that it does not hold. A key that the inventory
 * names goes first of all: an agent full of others must not use up the tries that a host allows.
 */
async function publicKeyAttempts(
  ssh2: Ssh2,
  target: SshTarget,
  { identities, publicKeys }: Identities,
  notes: string[],
  pause: Pause,
): Promise<readonly Attempt[]> {
  const { agent, user } = target
  const listed = agent === undefined ? [] : await agentKeys(ssh2, agent)
  if (typeof listed === 'string') notes.push(`agent ${agent}: ${listed}`)
  const held = typeof listed === 'string' ? [] : listed
  if (agent !== undefined && typeof listed !== 'string' && held.length === 0) notes.push(`agent ${agent}: it holds no key`)
  const isNamed = ({ publicKey }: AgentKey) => publicKeys.some((known) => known.equals(publicKey))
  const byAgent = ({ key, publicKey, comment }: AgentKey): Attempt => ({
    label: `agent's key ${comment === '' ? '' : `${comment} `}(${fingerprint(publicKey)})`,
    wants: 'publickey',
    method: {
      type: 'agent',
      username: user,
      agent: oneKey(
        ssh2,
        async () => key,
        (data, options) => pause(() => signByAgent(ssh2, agent ?? '', key, data, options)),
      ),
    },
  })
  const byFile = identities
    .filter(({ publicKey }) => publicKey === undefined || !held.some((one) => one.publicKey.equals(publicKey)))
    .flatMap((identity) => fileAttempt(ssh2, target, identity, notes, pause) ?? [])
  const named = held.filter(isNamed).map(byAgent)
  const others = target.identitiesOnly === true ? [] : held.filter((key) => !isNamed(key)).map(byAgent)
  return target.identityFirst === true ? [...named, ...byFile, ...others] : [...named, ...others, ...byFile]
}

function fileAttempt(ssh2: Ssh2, target: SshTarget, identity: Identity, notes: string[], pause: Pause): Attempt | undefined {
  const { file, key, publicKey, locked } = identity
  const label = `${file}${publicKey ? ` (${fingerprint(publicKey)})` : ''}`
  const username = target.user
  if (key) return { label, wants: 'publickey', method: { type: 'publickey', username, key } }
  if (!locked) return undefined
  if (target.passphrase === undefined && !mayAsk(target)) {
    notes.push(`${file}: ${nobodyToAsk}`)
    return undefined
  }
  const open = async (): Promise<ParsedKey> => {
    const opened = await pause(() => unlockIdentity(ssh2, { file, locked }, target.passphrase, mayAsk(target)))
    if (typeof opened !== 'string') return opened
    notes.push(`${file}: ${opened}`)
    throw new Error(opened)
  }
  const known = async () => {
    const parsed = publicKey && ssh2.utils.parseKey(publicKey)
    return parsed && !(parsed instanceof Error) ? parsed : open()
  }
  const sign = async (data: Buffer, { hash }: { readonly hash?: string }) => {
    const signature = (await open()).sign(data, hash) as Buffer | Error
    if (signature instanceof Error) throw signature
    return signature
  }
  return { label, wants: 'publickey', method: { type: 'agent', username, agent: oneKey(ssh2, known, sign) } }
}
