import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ActionDefinition } from '../../src/dsl/definition.ts'
import { reboot } from '../../src/modules/reboot.ts'
import { boot } from '../../src/resources/boot.ts'
import { localHosts, plan, readStates } from '../../src/testing/index.ts'
import { sh } from '../../src/util/sh.ts'

const thisBoot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
const parts = (params: Parameters<typeof reboot>[0]) => {
  const { definition, params: given } = reboot(params)
  return { action: definition as ActionDefinition, given }
}

test.each(localHosts())('$name tells its boot, and a host that is still in it is not back', async (host) => {
  expect(await readStates(host, { boot: boot() })).toEqual({ boot: { id: thisBoot } })
  const { action, given } = parts({ testCommand: sh`echo tested; exit 3` })
  const test = async (id: string) => {
    const { code, stdout, stderr } = await host.run({ script: action.returns!(given, { boot: { id } }).test })
    return [code, Buffer.concat([stdout, stderr]).toString()]
  }
  expect(await test(thisBoot)).toEqual([75, expect.stringContaining('still the boot of before')])
  expect(await test('another')).toEqual([3, 'tested\n'])
})

test('a host that does not tell one boot from another is refused', () => {
  const { action, given } = parts({})
  expect(() => action.due(given, { boot: { id: '' } })).toThrow(/does not tell one boot from another/)
  expect(action.due(given, { boot: { id: 'a' } })).toBe(true)
})

test('its times are those of its parameters, with defaults', () => {
  const of = (params: Parameters<typeof reboot>[0]) => {
    const { action, given } = parts(params)
    const { delay, timeout, connectTimeout } = action.returns!(given, { boot: { id: 'a' } })
    return { delay, timeout, connectTimeout }
  }
  expect(of({})).toEqual({ delay: 0, timeout: 600, connectTimeout: undefined })
  expect(of({ postRebootDelay: 5, rebootTimeout: 60, connectTimeout: 3 })).toEqual({ delay: 5, timeout: 60, connectTimeout: 3 })
})

test('it waits before the command, which goes on when the session ends', async () => {
  const [dash] = localHosts()
  const { steps } = await plan(reboot({ preRebootDelay: 7, rebootCommand: sh`kexec -e` }), dash!)
  const [step] = steps
  if (step?.kind !== 'run') throw new Error('it has no step')
  expect(step.script.text.split('\n')).toEqual(["trap '' HUP TERM PIPE", "msg='Reboot initiated by Rollcall'", 'sleep 7', 'kexec -e'])
})

test('what it leaves', () => {
  const { action, given } = parts({})
  const happening = { start: new Date(1000), end: new Date(34_400) }
  expect(action.result(given, [], happening)).toEqual({ rebooted: true, elapsed: 33, msg: 'the host was rebooted and is back' })
})
