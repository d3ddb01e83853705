import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ModuleDefinition } from '../../src/dsl/definition.ts'
import { type GitResult, git } from '../../src/modules/git.ts'
import { apply, type LocalHost, localHost, plan, readStates } from '../../src/testing/index.ts'
import { gitIn, hostsWithPrograms } from './case-helpers.ts'

const root = mkdtempSync(join(tmpdir(), 'git-'))
let daemon: ChildProcess
let url = ''
const commit = (name: string, text: string) => {
  writeFileSync(`${root}/served/${name}/file`, text)
  gitIn(`${root}/served/${name}`, 'add', '.')
  gitIn(`${root}/served/${name}`, 'commit', '-qm', text)
  return gitIn(`${root}/served/${name}`, 'rev-parse', 'HEAD')
}
beforeAll(async () => {
  for (const name of ['main', 'part']) {
    mkdirSync(`${root}/served/${name}`, { recursive: true })
    gitIn(`${root}/served/${name}`, 'init', '-q')
    commit(name, 'one\n')
  }
  const port = await new Promise<number>((resolve) => {
    const free = createServer().listen(0, '127.0.0.1', () => {
      const { port } = free.address() as { port: number }
      free.close(() => resolve(port))
    })
  })
  url = `git://127.0.0.1:${port}`
  daemon = spawn('git', ['daemon', '--export-all', '--reuseaddr', '--listen=127.0.0.1', `--port=${port}`, `--base-path=${root}/served`], {
    stdio: 'ignore',
  })
  for (;;) {
    try {
      gitIn(root, 'ls-remote', `${url}/main`)
      break
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
})
afterAll(() => {
  daemon?.kill()
  rmSync(root, { recursive: true, force: true })
})

async function checkOut(host: LocalHost, params: Parameters<typeof git>[0]): Promise<GitResult & { changed: boolean }> {
  const { definition } = git(params)
  const planned = await plan(git(params), host)
  const changed = planned.differs.length > 0
  if (changed) await apply(planned, host)
  const after = changed ? await readStates(host, planned.reads) : planned.found
  return {
    ...((definition as ModuleDefinition).result!(params, { before: planned.found, after, changed, outcomes: [] }) as GitResult),
    changed,
  }
}

test.each(hostsWithPrograms)('over a network, with submodules, on $name', async (host) => {
  const dest = `${root}/${host.name}`
  const first = gitIn(`${root}/served/main`, 'rev-parse', 'HEAD')
  expect(await checkOut(host, { repo: `${url}/main`, dest })).toEqual({ changed: true, after: first, remoteUrlChanged: false })
  expect(await checkOut(host, { repo: `${url}/main`, dest })).toEqual({
    changed: false,
    before: first,
    after: first,
    remoteUrlChanged: false,
  })

  if (host === hostsWithPrograms[0]) gitIn(`${root}/served/main`, 'submodule', '--quiet', 'add', `${url}/part`, 'sub')
  const second = commit('main', `${host.name}\n`)
  expect(await checkOut(host, { repo: `${url}/main`, dest })).toEqual({
    changed: true,
    before: first,
    after: second,
    remoteUrlChanged: false,
  })
  expect(readFileSync(`${dest}/sub/file`, 'utf8')).toBe('one\n')
  expect((await checkOut(host, { repo: `${url}/main`, dest })).changed).toBe(false)

  gitIn(dest, 'submodule', '--quiet', 'deinit', '-f', 'sub')
  expect((await checkOut(host, { repo: `${url}/main`, dest, recursive: false })).changed).toBe(false)
  expect((await checkOut(host, { repo: `${url}/main`, dest })).changed).toBe(true)
  expect(readFileSync(`${dest}/sub/file`, 'utf8')).toBe('one\n')

  gitIn(dest, 'remote', 'set-url', 'origin', '/elsewhere')
  expect(await checkOut(host, { repo: `${url}/main`, dest })).toMatchObject({ changed: true, remoteUrlChanged: true })
  expect(await checkOut(host, { repo: `${url}/main`, dest: `${dest}-none`, clone: false })).toEqual({
    changed: false,
    after: second,
    remoteUrlChanged: false,
  })
})

const [dash] = hostsWithPrograms
test.each<[string, Partial<Parameters<typeof git>[0]>, string]>([
  ['a misspelt branch', { version: 'maim' }, "has no branch and no tag 'maim'"],
  ['a short commit', { version: 'abcdef1' }, "has no branch and no tag 'abcdef1'"],
  ['no such repository', { repo: '/none' }, '/none cannot be asked from this host: fatal:'],
  [
    'a server that asks for a name',
    { repo: 'ssh://nobody@127.0.0.1:1/x' },
    'cannot be asked from this host: ssh: connect to host 127.0.0.1 port 1',
  ],
  ['bare with a version', { bare: true, version: 'main' }, 'a bare repository holds every version'],
])('%s is said', async (_, params, message) => {
  await expect(plan(git({ repo: `${url}/main`, dest: `${root}/x`, ...params }), dash!)).rejects.toThrow(message)
})

test('ssh is called without any question, and a read remembers no key', async () => {
  mkdirSync(`${root}/bin`)
  writeFileSync(`${root}/bin/ssh`, '#!/bin/sh\nprintf "<%s>" "$@" >&2\nexit 255\n', { mode: 0o755 })
  const host = localHost({ name: 'ssh', shell: ['/bin/dash'], path: `${root}/bin:/usr/bin:/bin` })
  const call = git({ repo: 'joe@192.0.2.1:x', dest: `${root}/x`, keyFile: "/it's $HOME", acceptHostKey: true, sshOpts: ['-p', '2222'] })
  await expect(plan(call, host)).rejects.toThrow(
    /<-o><BatchMode=yes><-o><StrictHostKeyChecking=accept-new><-i><\/it's \$HOME><-o><IdentitiesOnly=yes><-p><2222><-o><UserKnownHostsFile=\/tmp\/rollcall\.\w+\/known ~\/\.ssh\/known_hosts ~\/\.ssh\/known_hosts2>.*<joe@192\.0\.2\.1>/,
  )
})

test('changes by hand are listed', async () => {
  const dest = `${root}/by-hand`
  await checkOut(dash!, { repo: `${url}/main`, dest })
  appendFileSync(`${dest}/file`, 'mine')
  await expect(plan(git({ repo: `${url}/main`, dest }), dash!)).rejects.toThrow(`files in ${dest} were changed by hand: file`)
})

test('a commit that is nowhere leaves what is checked out', async () => {
  const dest = `${root}/nowhere`
  const { after } = await checkOut(dash!, { repo: `${url}/main`, dest })
  await expect(checkOut(dash!, { repo: `${url}/main`, dest, version: '1'.repeat(40) })).rejects.toThrow(
    'is not in what the repository gave',
  )
  expect(gitIn(dest, 'rev-parse', 'HEAD')).toBe(after)
})
