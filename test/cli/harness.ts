import type { Engine } from '../../src/cli/engine.ts'
import { commandLine } from '../../src/cli/yargs.ts'

/** What a command line did: exit code, text, and what it asked Rollcall to do. */
export interface Done {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly asked: readonly (readonly [verb: string, request: unknown])[]
}

export interface Answers {
  readonly engine?: Partial<Engine>
  readonly env?: NodeJS.ProcessEnv
  readonly ask?: (question: string) => Promise<boolean>
}

/** The real parser and the real commands over an engine that refuses whatever a test has not described. */
export async function rollcall(line: string | readonly string[], { engine = {}, env = {}, ask }: Answers = {}): Promise<Done> {
  const text = { out: '', err: '' }
  const asked: [string, unknown][] = []
  const output = (stream: 'out' | 'err') => ({
    write: (data: string | Uint8Array): void => {
      text[stream] += Buffer.from(data).toString('utf8')
    },
  })
  const verb = (name: keyof Engine) => async (request: unknown) => {
    asked.push([name, request])
    const answer = engine[name] as ((request: unknown) => Promise<unknown>) | undefined
    if (!answer) throw new Error(`the test describes no answer to ${name}`)
    return answer(request)
  }
  const described = new Proxy({}, { get: (_, name) => verb(name as keyof Engine) }) as Engine
  const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line
  const code = await commandLine(argv, {
    stdout: output('out'),
    stderr: output('err'),
    env,
    cwd: '/site',
    engine: described,
    ...(ask && { ask }),
  })
  return { code, ...text, asked }
}
