import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { debug, defineInventory, definePlaybook, file, getUrl, git, local, script, unarchive, uri } from '../../src/index.ts'
import { sha256 } from '../../src/util/sha256.ts'
import { runLocally, temporaryFolder } from '../helpers/engine.ts'
import { webServer } from '../helpers/web-server.ts'
import { gitIn } from '../modules/case-helpers.ts'

const root = temporaryFolder()
const home = join(root, 'home')
const server = await webServer()
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })

mkdirSync(join(root, 'app'))
writeFileSync(join(root, 'app/hello'), 'hello\n')
execFileSync('tar', ['-czf', join(root, 'app.tgz'), '-C', root, 'app'])
server.files.set('/app.tgz', readFileSync(join(root, 'app.tgz')))
mkdirSync(join(root, 'repo'))
gitIn(join(root, 'repo'), 'init', '-q')
gitIn(join(root, 'repo'), 'commit', '-q', '--allow-empty', '-m', 'one')
const commit = gitIn(join(root, 'repo'), 'rev-parse', 'HEAD')
writeFileSync(join(root, 'hello.sh'), '#!/bin/sh\nprintf "%s\\n" one two; : >"$1"\n')

const host = join(root, 'host')
const checksum = `sha256:${sha256(readFileSync(join(root, 'app.tgz')))}`
const playbook = definePlaybook('deploys', inventory, (play) => {
  play('all', { hosts: 'all' }, ({ task }) => {
    task('folder', file({ path: host, state: 'directory' }))
    task('unpacked folder', file({ path: `${host}/unpacked`, state: 'directory' }))
    task('download', getUrl({ url: `${server.url}/app.tgz`, dest: `${host}/app.tgz`, checksum }))
    task('unpack the download', unarchive({ src: `${host}/app.tgz`, dest: `${host}/unpacked`, remoteSrc: true }))
    task('unpack', unarchive({ src: join(root, 'app.tgz'), dest: host, listFiles: true }))
    task('check out', git({ repo: join(root, 'repo'), dest: `${host}/repo`, version: commit }))
    task('script', script({ src: join(root, 'hello.sh'), args: [`${host}/made`], creates: `${host}/made` }))
    const asked = task('ask', uri({ url: `${server.url}/echo`, headers: { 'X-A': 'b' } }))
    task('say', ({ result }) => debug({ msg: `${result(asked).status.toFixed()} ${result(asked).headers.contentType}` }))
  })
})

test('check mode on a bare host knows what would happen, and a first run does it', async () => {
  const check = await runLocally(playbook, { home, check: true })
  expect(check.outcomes('one')).toEqual([
    'folder: changed',
    'unpacked folder: changed',
    'download: changed',
    'unpack the download: changed',
    'unpack: changed',
    'check out: changed',
    'script: changed (unknown)', // The archive that is unpacked beside it may hold what it creates.
    'ask: ok (assumed)',
    'say: ok (assumed)',
  ])
  expect(server.asked.map(({ path }) => path)).toEqual(['/echo'])
  expect(() => readFileSync(host)).toThrow('ENOENT')

  const first = await runLocally(playbook, { home })
  expect(first.outcomes('one').map((outcome) => outcome.split(': ')[1])).toEqual([...Array(7).fill('changed'), 'ok', 'ok'])
  const resultOf = (name: string) => first.tasks.find(({ task }) => task === name)!.result
  expect(resultOf('unpack')).toMatchObject({ changed: true, files: ['app/', 'app/hello'].map((name) => name.replace(/\/$/, '')) })
  expect(resultOf('check out')).toEqual({ changed: true, after: commit, remoteUrlChanged: false })
  expect(resultOf('script')).toMatchObject({ ran: true, rc: 0, stdout: 'one\ntwo\n', stdoutLines: ['one', 'two'] })
  expect(resultOf('ask')).toMatchObject({ status: 200, json: { method: 'GET' } })
  expect(resultOf('say')).toMatchObject({ msg: '200 application/json; charset=utf-8' })
})

test('a second run changes nothing, sends no archive, and asks nobody but by uri', async () => {
  server.asked.length = 0
  const again = await runLocally(playbook, { home })
  expect(again.outcomes('one').filter((outcome) => !outcome.endsWith(': ok'))).toEqual([])
  expect(server.asked.map(({ path }) => path)).toEqual(['/echo'])
  // All that only this run changes, and then what uri asks at its turn.
  expect(again.exchanges('one')).toBe(2)
})
