import type { Engine } from '../../src/cli/engine.ts'
import { main } from '../../src/cli/process.ts'

// A process with the real command line, whose only playbook asks. The answer is printed backwards, to be told from its echo.
const engine = {
  run: async ({ playbook, terminal }) => {
    if (!terminal) {
      process.stdout.write('nobody is there\n')
      return 0
    }
    terminal.say('about to ask')
    const answer = await terminal.ask('Go on?', { echo: playbook !== 'hidden' })
    process.stdout.write(`got ${[...answer].reverse().join('')}.\n`)
    return 0
  },
} as Partial<Engine> as Engine
await main(process.argv.slice(2), engine)
