import { afterEach, expect, test } from 'vitest'
import { setChosenInventory } from '../../src/model/chosen-inventory.ts'
import { formatError } from '../../src/model/errors.ts'
import { rollcall } from '../helpers/cli.ts'
import { emptyPlaybook, tempProject, twoHosts } from '../helpers/project.ts'

afterEach(() => setChosenInventory(undefined))

const lastLine = (fix: string) => formatError({ summary: 'x', fix }).split('\n').at(-1)?.trim()

test.each([
  ['rollcall trust web --fingerprint x', "rollcall trust web --fingerprint x -i 'hosts of us.ini'"],
  ['rollcall exec all -- uptime -x', "rollcall exec all -i 'hosts of us.ini' -- uptime -x"],
  ['rollcall inventory list', "rollcall inventory list -i 'hosts of us.ini'"],
  ['rollcall run site -i lab --list-hosts', 'rollcall run site -i lab --list-hosts'],
  ['rollcall runs', 'rollcall runs'],
  ['rollcall doc copy', 'rollcall doc copy'],
  ['See rollcall facts', 'See rollcall facts'],
  ['rollcall explain var --help', 'rollcall explain var --help'],
])('%s: a command to copy names the inventory that was chosen', (fix, shown) => {
  expect(lastLine(fix)).toBe(fix)
  setChosenInventory('hosts of us.ini')
  expect(lastLine(`Do this:\n${fix}`)).toBe(shown)
})

test('on the command line', async () => {
  const { root } = tempProject({
    'inventory/lab.ts': twoHosts(),
    'inventory/other.ts': twoHosts('alpha', 'gamma'),
    'playbooks/site.ts': emptyPlaybook(),
  })
  const run = (...more: readonly string[]) => rollcall(['facts', 'web:!web', ...more], { cwd: root })
  const [plain, other] = await Promise.all([run(), run('-i', 'other')])
  expect([plain.code, other.code]).toEqual([1, 1])
  expect(plain.stderr).toMatch(/\n {2}rollcall inventory list\n$/)
  expect(other.stderr).toMatch(/\n {2}rollcall inventory list -i other\n$/)
})
