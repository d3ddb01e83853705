import { expect, test } from 'vitest'
import { authorizedKey } from '../../src/modules/authorized-key.ts'
import { cron } from '../../src/modules/cron.ts'
import { group } from '../../src/modules/group.ts'
import { user } from '../../src/modules/user.ts'
import { type LawCase, laws, plan, sandboxHost, sandboxHosts } from '../../src/testing/index.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { caseFiles } from '../modules/case-files.ts'

const all = [...(await caseFiles()).values()].flatMap(({ systemCases = [] }) => systemCases)

test.concurrent.each(laws(all, { hosts: sandboxHosts() }))('$name', ({ check }) => check())

/** Debian's busybox alone: neither getent nor useradd, and adduser neither. */
const bare = sandboxHost({ name: 'nothing but busybox', shell: ['/bin/busybox', 'sh'], path: '/var/empty' })
const key = `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(4)]).toString('base64')}`
const onBare: readonly LawCase[] = [
  { name: 'a user is read', call: () => user({ name: 'daemon', uid: 1, group: 'daemon', home: '/usr/sbin' }), expect: 'nothing' },
  {
    name: 'the shadow file is read',
    call: () => user({ name: 'daemon', passwordLock: false, password: '*', expires: 'never' }),
    expect: 'nothing',
  },
  { name: 'a user that is absent is read', call: () => user({ name: 'joe', state: 'absent' }), expect: 'nothing' },
  { name: 'a group is read', call: () => group({ name: 'adm', gid: 4 }), expect: 'nothing' },
  { name: 'a new user is refused', call: () => user({ name: 'joe' }), expect: 'refusal' },
  { name: 'a user that must change is refused', call: () => user({ name: 'daemon', comment: 'x', createHome: false }), expect: 'refusal' },
  { name: 'a new group is refused', call: () => group({ name: 'joe' }), expect: 'refusal' },
  { name: 'removing a group is refused', call: () => group({ name: 'adm', state: 'absent' }), expect: 'refusal' },
  { name: 'a key is added', call: () => authorizedKey({ user: 'root', key }) },
  { name: 'a file of cron.d is written', call: () => cron({ name: 'a', job: 'true', cronFile: 'a' }) },
]

test.concurrent.each(laws(onBare, { hosts: [bare] }))('$name', ({ check }) => check())

test.concurrent.each([
  [bare, user({ name: 'joe' }), /^the user joe must be changed, and this host has no useradd for that$/],
  [bare, group({ name: 'joe' }), /^the group joe must be changed, and this host has no groupadd for that$/],
  [sandboxHosts()[0]!, cron({ name: 'a', job: 'true' }), /^this host has no crontab$/],
] as const)('what a host has no tool for is refused in a sentence', async (host, call, sentence) => {
  const place = await host.open()
  try {
    // The machine may have a cron of its own.
    await place.run({ script: sh`rm -f /usr/bin/crontab /usr/local/bin/crontab` })
    await expect(plan(call, place)).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(sentence),
      fix: expect.any(String),
    })
  } finally {
    await place.close()
  }
})

test('a user without rights is told so, by the reads or before any step', async () => {
  const shell = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '/bin/sh'] as const
  const nobody = await sandboxHost({ name: 'nobody', shell }).open()
  const refused = (call: ReturnType<typeof user> | ReturnType<typeof group>) => expect(plan(call as never, nobody)).rejects
  try {
    await refused(user({ name: 'joe' })).toThrow('the user joe must be changed, and this user may not')
    await refused(group({ name: 'joe' })).toThrow('the group joe must be changed, and this user may not')
    await refused(user({ name: 'daemon', password: '*' })).toThrow('/etc/shadow is for root')
  } finally {
    await nobody.close()
  }
})

test('useradd, chpasswd and the rest get no hash as an argument, and nobody is shown one', async () => {
  const hash = '$6$salt$Ro1OBbF6mIyx6hQjXqvD0'
  const place = await sandboxHosts()[0]!.open()
  try {
    for (const password of [hash, new Secret(hash)]) {
      const planned = await plan(user({ name: 'joe', password }), place)
      const shown = [planned.found, planned.wanted, planned.reads.user!.kind.describe({ exists: true, ...planned.wanted.user })]
      expect(JSON.stringify(shown)).not.toContain('Ro1OBbF6')
      for (const step of planned.steps) expect(step.kind === 'run' && `${step.script.text}`).not.toContain('Ro1OBbF6')
    }
  } finally {
    await place.close()
  }
})
