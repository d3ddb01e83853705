import { hideBin } from 'yargs/helpers'
import yargs from 'yargs'
import { ownVersion } from '../util/own-root.ts'

await yargs(hideBin(process.argv)).scriptName('rollcall').version(ownVersion()).strict().demandCommand(1).recommendCommands().help().parseAsync()
