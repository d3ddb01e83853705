import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defineModule } from '../../src/dsl/module.ts'
import { parameters, Type } from '../../src/dsl/schema.ts'
import { run } from '../../src/dsl/step.ts'
import { file } from '../../src/resources/file.ts'
import { laws, sandboxHosts } from '../../src/testing/index.ts'
import { Script, sh } from '../../src/util/sh.ts'

const etc = () => [readdirSync('/etc').sort(), readFileSync('/etc/passwd', 'utf8'), statSync('/etc').mtimeMs, statSync('/usr').mtimeMs]
const out = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

test.concurrent.each(sandboxHosts())('a sandbox ($name) is a system of its own, and this machine is not touched', async (host) => {
  const before = etc()
  const place = await host.open()
  const written = await place.watch()
  const script = sh`id -u
echo changed >/etc/passwd; rm -rf /etc/shadow /usr/share/doc /home; mkdir -p /home/x /root/y; echo 1 >/run/z
hostname sandboxed
(echo 1 >/proc/sys/kernel/sysrq) 2>/dev/null || echo forbidden
set -- /proc/[0-9]*; [ $# -lt 10 ] && echo alone; ls -A /tmp | wc -l; exit 3`
  const reply = await place.run({ script })
  expect([reply.code, out(reply.stdout)]).toEqual([3, '0\nforbidden\nalone\n0\n'])
  expect(readFileSync(`${place.root}/etc/passwd`, 'utf8')).toBe('changed\n')
  const lines = (await written()).join('\n')
  for (const path of ['/etc/passwd"', '/etc/shadow"', '/home/x"', '/root/y"', '/run/z"']) expect(lines).toContain(path)
  const { root } = place
  await place.close()
  expect(existsSync(root)).toBe(false)
  expect(etc()).toEqual(before)
})

const params = parameters({ word: Type.String() })
const writer = (reads: 'reads' | 'steps') =>
  defineModule({
    name: 'writer',
    summary: '',
    params,
    reads: () => ({ file: file('/etc/written') }),
    plan: (_, { file }) => ({ file: { exists: true, ...(reads === 'reads' && !file.exists && { type: 'directory' }) } }) as {},
    steps: ({ word }) => [run(reads === 'reads' ? sh`:` : new Script(`: >/etc/written; eval : ${word}; true`))],
  })

test.each([
  ['check predicts apply', 'reads', false],
  ['hostile values are data', 'steps', true],
] as const)('laws are held on a whole system: %s', async (law, kind, hostile) => {
  const [one] = laws([{ name: 'case', hostile, call: (_, word) => writer(kind)({ word }) }], { hosts: sandboxHosts().slice(0, 1) })
  await expect(one!.check()).rejects.toThrow(law)
})

test.each([
  ['before', sh`echo no; exit 4`, undefined],
  ['after', undefined, () => sh`echo no; exit 4`],
] as const)('the script of a case that fails is heard: %s', async (when, before, after) => {
  const [one] = laws([{ name: 'case', ...(before && { before }), call: () => writer('steps')({ word: 'x' }), ...(after && { after }) }], {
    hosts: sandboxHosts().slice(0, 1),
  })
  await expect(one!.check()).rejects.toThrow(
    new RegExp(`the script of '${when}' ended with exit code 4, case on dash: echo no; exit 4\nno`),
  )
})
