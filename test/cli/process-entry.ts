import type { Engine } from '../../src/cli/engine.ts'
import { main } from '../../src/cli/process.ts'

// A process with the real command line over an engine whose playbooks are the situations to test.
const lines = 20_000
const situations: { readonly [playbook: string]: Engine['run'] } = {
  chatty: async ({ emit }) => {
    for (let line = 0; line < lines; line++) {
      emit({ event: 'warning', message: `line ${line}` })
      if (line % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    process.stderr.write('came to its end\n')
    return 0
  },
  endless: ({ progress }) => {
    progress('under way')
    setInterval(() => {}, 60_000)
    return new Promise(() => {})
  },
  forgotten: () => {
    void Promise.reject(new Error('nobody waits for this'))
    setInterval(() => {}, 60_000)
    return new Promise(() => {})
  },
  thrown: () => {
    setTimeout(() => {
      throw new Error('outside of everything')
    }, 0)
    return new Promise(() => {})
  },
  /** What a playbook may do that calls process.exit itself. */
  exiting: () => process.exit(0),
  /** An await whose promise nobody settles, with nothing left open. */
  stuck: () => new Promise(() => {}),
  /** Something is left open, as a connection would be. */
  lingering: async () => {
    setInterval(() => {}, 60_000)
    return 4
  },
}
const engine = { run: (request) => situations[request.playbook]!(request) } as Partial<Engine> as Engine
await main(process.argv.slice(2), engine)
