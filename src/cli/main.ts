import module from 'node:module'
import { ownVersion } from '../util/own-root.ts'

// Answered before anything else is evaluated: yargs alone would more than double the time.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  process.stdout.write(`${ownVersion()}\n`)
} else {
  // For what stays outside our own file; only Node 22.1 and newer have it.
  ;(module as { enableCompileCache?: () => unknown }).enableCompileCache?.()
  void import('./process.ts').then(({ main }) => main(process.argv.slice(2)))
}
