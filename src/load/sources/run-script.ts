import { execFile } from 'node:child_process'
import type { SourceLine } from '../../model/errors.ts'
import { refused } from './refuse.ts'

/**
 * What an inventory script prints. It has all the time it needs, as with Ansible.
 * @throws RollcallError where it ends with another code than 0; what it said on standard error is in it.
 */
export function runScript(path: string, args: readonly string[], at: SourceLine): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, [...args], { encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const said = stderr.trim().slice(-2000)
      const how = typeof error.code === 'number' ? `ended with ${error.code}` : `could not be run: ${error.message}`
      reject(refused(`the script ${how}${said && `\n${said}`}`, `Run it by hand:\n${[path, ...args].join(' ')}`, at, error))
    })
  })
}
