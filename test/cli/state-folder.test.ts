import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rollcall } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'

const root = process.getuid?.() === 0

describe('a state folder that cannot be used', () => {
  test.for([
    ['where the kernel takes no folders', (): string => '/proc/rollcall-state'],
    [
      'below a file',
      (): string => {
        const file = join(testFolder(), 'file')
        writeFileSync(file, '')
        return file
      },
    ],
  ] as const)('%s fails "lab up" at once and says what to do', async ([, folder]) => {
    const { code, stderr } = await rollcall(['lab', 'up'], { env: { XDG_STATE_HOME: folder() } })
    expect(code).toBe(1)
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toBe(root ? 'The state folder of the lab cannot be used' : 'This machine cannot have a lab')
    expect(lines.at(-1)).toMatch(root ? /XDG_STATE_HOME/ : /as root/)
  })
  test('is said of the memory of facts, too', async () => {
    const { code, stderr } = await rollcall(['facts', '--cached', '-i', 'production'], { env: { XDG_STATE_HOME: '/proc/rollcall-state' } })
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'A directory of Rollcall cannot be made'])
  })
  test('that others may write to is refused, not used', async () => {
    const state = testFolder()
    mkdirSync(join(state, 'rollcall'))
    chmodSync(join(state, 'rollcall'), 0o777)
    const { code, stderr } = await rollcall(['facts', '--cached', '-i', 'production'], { env: { XDG_STATE_HOME: state } })
    expect([code, stderr.split('\n')[0]]).toEqual([1, 'Others may write to a directory of Rollcall'])
  })
})

test('without root "lab up" says that it needs root, before it writes anything', async () => {
  const { code, stderr } = await rollcall(['lab', 'up'], root ? { as: 65534 } : {})
  expect([code, stderr.split('\n').slice(0, 2)]).toEqual([1, ['This machine cannot have a lab', '  the rights of root']])
})
