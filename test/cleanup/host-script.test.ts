import { execFileSync, spawn } from 'node:child_process'
import { existsSync, lutimesSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listScript, parseListing, removeScript } from '../../src/cleanup/host-script.ts'
import { testFolder } from '../helpers/folder.ts'
import { shellPrograms } from '../helpers/shell-programs.ts'

const shells = shellPrograms('sh id ls date stat du find readlink rm cat')

test.for(shells)('%s lists and removes the same', ([, [file = '', ...args], path]) => {
  const home = testFolder()
  const temporary = join(home, "it's tmp")
  const make = (name: string) => {
    const folder = join(temporary, name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'in'), 'x')
    utimesSync(folder, 1000, 1000)
    return folder
  }
  const [dead, alive, own] = [make('rollcall.DEADdead01'), make('rollcall.ALIVEalive'), make('rollcall.OWNownown1')]
  symlinkSync('/etc', join(temporary, 'rollcall.LINKlink01'))
  const cut = join(home, '.a b.rollcall-abc123')
  writeFileSync(cut, 'x')
  utimesSync(cut, 1000, 1000)
  const link = join(home, '.rollcall-link-4711')
  symlinkSync('/etc/passwd', link)
  lutimesSync(link, 1000, 1000)
  const together = join(home, '.rollcall-files-abc123')
  mkdirSync(together)
  writeFileSync(join(together, 'a'), 'x')
  utimesSync(together, 1000, 1000)
  writeFileSync(join(home, '.young.rollcall-abc123'), 'x')
  const child = spawn('sleep', ['1000'], { cwd: alive, stdio: 'ignore' })
  onTestFinished(() => void child.kill())
  const lost = join(home, '.local/state/rollcall/lost', `${'0'.repeat(32)}.1`)
  mkdirSync(join(lost, '..'), { recursive: true })
  writeFileSync(lost, '{"about":"task one","code":3,"ended":1}\n')
  const env = { HOME: home, TMPDIR: temporary, PATH: path(), XDG_RUNTIME_DIR: join(home, 'run') }
  const sh = (script: string) => execFileSync(file, [...args, '-c', script], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const listing = parseListing(sh(listScript([own]).text))
  const ours = (paths: readonly string[]) => paths.filter((each) => each.startsWith(home)).toSorted()
  expect(ours(listing.live)).toEqual([alive])
  expect(ours(listing.items.filter(({ kind }) => kind !== 'lost').map((item) => item.path))).toEqual([cut, dead, link, together].toSorted())
  // Root’s records are not in its home.
  if (process.getuid?.() !== 0)
    expect(listing.items).toContainEqual(expect.objectContaining({ kind: 'lost', path: lost, record: expect.stringContaining('task one') }))
  expect(listing.own).toBe(process.cwd())
  // Another session lives: only what nobody can be using goes.
  sh(removeScript([own], [dead, alive, join(temporary, 'rollcall.LINKlink01')], [cut, link]).text)
  expect([dead, alive, own, cut].map((each) => existsSync(each))).toEqual([false, true, true, true])
  sh(removeScript([own, alive], [], [cut, link, together]).text)
  expect([dead, alive, own, cut, link, together, '/etc/passwd'].map((each) => existsSync(each))).toEqual([
    false,
    true,
    true,
    false,
    false,
    false,
    true,
  ])
  expect(readdirSync(home)).not.toContain('.rollcall-link-4711')
})
