import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { Rendering } from '../../src/dsl/template.ts'
import { localHost, localHosts } from '../../src/testing/index.ts'

/** What a file of a case's tree holds. */
export const text = (path: string) => readFileSync(path, 'utf8')
/** Octal, without leading zeros. */
export const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)
/** A template whose content is its data as JSON. */
export const rendering = (data: object) => new Rendering('/t.eta', () => data, [], undefined)
export const render = (of: Rendering) => Buffer.from(JSON.stringify(of.data()))

/** dash, bash and busybox with its own tools, which all find the programs of this machine too (git, tar, unzip). */
export const hostsWithPrograms = [...localHosts().slice(0, 2), localHost({ name: 'busybox with programs', shell: ['/bin/busybox', 'sh'] })]
/** Runs git as a person would, with a name and a date that are always the same. */
export function gitIn(folder: string, ...args: readonly string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  return execFileSync('git', ['-C', folder, '-c', 'init.defaultBranch=main', '-c', 'protocol.file.allow=always', ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}
