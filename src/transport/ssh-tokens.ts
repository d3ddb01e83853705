import { createHash } from 'node:crypto'
import { homedir, hostname, userInfo } from 'node:os'
import { RollcallError } from '../model/errors.ts'

/** Letters behind `%` and what stands for them. */
export type Tokens = Readonly<Record<string, string>>

/** What OpenSSH puts into paths, as far as it is known: of whom, where, and by which name. */
export function pathTokens(about: {
  readonly address: string
  readonly name: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias?: string | undefined
  readonly jump?: string | undefined
}): Tokens {
  const { address: h, name: n, user: r } = about
  const p = String(about.port)
  const l = hostname()
  return {
    ...{ h, n, p, r, l, d: homedir(), u: userInfo().username, i: String(process.getuid?.() ?? ''), L: l.split('.')[0] ?? l },
    k: about.hostKeyAlias ?? n,
    j: about.jump ?? '',
    C: createHash('sha1').update(`${l}${h}${p}${r}`).digest('hex'),
  }
}

/** Fills in `%h` and its like. @throws RollcallError for a letter that means nothing here. */
export function expandTokens(value: string, tokens: Tokens, host: string): string {
  return value.replace(/%(.?)/gs, (token, letter: string) => tokenOf(token, letter, value, tokens, host))
}

/** The same, and variables of the environment as `${NAME}`. @throws RollcallError for one that is not set, as OpenSSH does. */
export function expandPath(value: string, tokens: Tokens, host: string): string {
  // In one go: what a token stands for is not looked at again.
  return value
    .replace(/^~(?=\/|$)/, homedir().replaceAll('%', '%%'))
    .replace(/%(.?)|\$\{(\w+)\}/gs, (whole, letter?: string, name?: string) => {
      if (name === undefined) return tokenOf(whole, letter ?? '', value, tokens, host)
      const found = process.env[name]
      if (found !== undefined) return found
      throw new RollcallError({
        summary: 'The ssh configuration names a variable that is not set',
        detail: `${whole} in '${value}'`,
        host,
        fix: `Set it, or write the value out in ~/.ssh/config:\nexport ${name}=…`,
      })
    })
}

function tokenOf(token: string, letter: string, value: string, tokens: Tokens, host: string): string {
  const found = letter === '%' ? '%' : tokens[letter]
  if (found !== undefined) return found
  throw new RollcallError({
    summary: 'The ssh configuration holds a token that is not supported',
    detail: `${token} in '${value}'`,
    host,
    fix: 'Write the value out in ~/.ssh/config, or declare it in the inventory.',
  })
}
