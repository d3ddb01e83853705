import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { authorizedKey } from '../../../src/modules/authorized-key.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { modeOf, text } from '../case-helpers.ts'

/** A key that is well-formed, and opens nothing. */
const blob = (number: number) => {
  const type = Buffer.from('ssh-ed25519')
  return Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, number)]).toString('base64')
}
const [one, two, three] = [1, 2, 3].map((number) => `ssh-ed25519 ${blob(number)}`) as [string, string, string]
const joe = sh`useradd -m joe`
const withFile = (content: string) =>
  sh`${joe} && install -d -m 0700 -o joe -g joe /home/joe/.ssh && printf %s ${content} >/home/joe/.ssh/authorized_keys && cd /home/joe/.ssh && chown joe:joe authorized_keys && chmod 0600 authorized_keys`
const file = (root: string) => `${root}/home/joe/.ssh/authorized_keys`
const holds = (expected: string) => (root: string) => expect(text(file(root))).toBe(expected)

export const systemCases: readonly LawCase[] = [
  {
    name: 'authorizedKey makes file and directory, for the user alone',
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: `${one} joe@work\n` }),
    after: (root) => {
      const directory = `${root}/home/joe/.ssh`
      const [uid, gid] = [statSync(`${root}/home/joe`).uid, statSync(`${root}/home/joe`).gid]
      for (const path of [directory, file(root)]) expect([statSync(path).uid, statSync(path).gid]).toEqual([uid, gid])
      expect([modeOf(directory), modeOf(file(root))]).toEqual(['700', '600'])
      holds(`${one} joe@work\n`)(root)
    },
  },
  {
    name: 'authorizedKey adds to what is there',
    before: withFile(`# mine\n\nno-pty ${two} old`),
    call: () => authorizedKey({ user: 'joe', key: `# team\n${one} a\n\n${three}\n` }),
    after: holds(`# mine\n\nno-pty ${two} old\n${one} a\n${three}\n`),
  },
  {
    name: 'authorizedKey leaves a key, with the comment of the file where it is given none',
    before: withFile(`${two}\n${one} joe@work\n`),
    call: () => authorizedKey({ user: 'joe', key: one }),
    expect: 'nothing',
  },
  {
    name: 'authorizedKey changes options and comment of a key, where it stands',
    before: withFile(`from="a b,c" ${one} old\n${two}\n`),
    call: () => authorizedKey({ user: 'joe', key: `${one} new`, keyOptions: 'command="echo \\"hi\\" there",no-pty' }),
    after: holds(`command="echo \\"hi\\" there",no-pty ${one} new\n${two}\n`),
  },
  {
    name: 'authorizedKey takes options away that are not asked for',
    before: withFile(`no-pty ${one} x\n`),
    call: () => authorizedKey({ user: 'joe', key: one, comment: 'y' }),
    after: holds(`${one} y\n`),
  },
  {
    name: 'authorizedKey keeps one line of a key',
    before: withFile(`${one} a\n${two}\n${one} b\n`),
    call: () => authorizedKey({ user: 'joe', key: one }),
    after: holds(`${one} a\n${two}\n`),
  },
  {
    name: 'authorizedKey removes a key',
    before: withFile(`${one} a\nno-pty ${two} b\n`),
    call: () => authorizedKey({ user: 'joe', key: two, state: 'absent' }),
    after: holds(`${one} a\n`),
  },
  {
    name: 'authorizedKey leaves what is absent',
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: two, state: 'absent' }),
    expect: 'nothing',
  },
  {
    name: 'authorizedKey removes all others',
    before: withFile(`# mine\n${one} a\n${two} b\nssh-future AAAA c\n`),
    call: () => authorizedKey({ user: 'joe', key: `${two}\n${three}`, exclusive: true }),
    after: holds(`# mine\n${two} b\n${three}\n`),
  },
  {
    name: 'authorizedKey mends modes and owners',
    before: sh`${withFile(`${one}\n`)} && chmod 0777 . authorized_keys && chown root authorized_keys`,
    call: () => authorizedKey({ user: 'joe', key: one }),
    after: (root) => expect([modeOf(`${root}/home/joe/.ssh`), modeOf(file(root))]).toEqual(['700', '600']),
  },
  {
    name: 'authorizedKey writes another file, in a directory that is not the users own',
    before: sh`${joe} && mkdir /etc/keys`,
    call: () => authorizedKey({ user: 'joe', key: one, path: '/etc/keys/joe' }),
    after: sh`[ "$(stat -c %U:%a /etc/keys /etc/keys/joe | tr '\n' ' ')" = 'root:700 joe:600 ' ]`,
  },
  {
    name: 'authorizedKey refuses a directory that is not there',
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: one, path: '/etc/keys/joe' }),
    expect: 'refusal',
  },
  {
    name: 'authorizedKey makes another directory',
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: one, path: '/etc/keys', manageDir: false }),
  },
  {
    name: 'authorizedKey follows the home of root',
    call: () => authorizedKey({ user: 'root', key: one, path: '/root/.ssh/authorized_keys', manageDir: true }),
  },
  {
    name: 'authorizedKey works in a home that lies behind a link of the system',
    before: sh`mkdir /srv/homes && ln -s /srv/homes /home/users && useradd -m -d /home/users/joe joe`,
    call: () => authorizedKey({ user: 'joe', key: one }),
    after: sh`[ -f /srv/homes/joe/.ssh/authorized_keys ]`,
  },
  {
    name: 'authorizedKey follows a link that it is told of',
    before: sh`${joe} && mkdir /etc/keys && ln -s /srv/joe /etc/keys/joe`,
    call: () => authorizedKey({ user: 'joe', key: one, path: '/etc/keys/joe' }),
    after: sh`[ -f /srv/joe ] && [ -L /etc/keys/joe ]`,
  },
  {
    name: 'authorizedKey follows no link that the user made: the file',
    before: sh`${withFile('')} && rm authorized_keys && ln -s /etc/shadow authorized_keys`,
    call: () => authorizedKey({ user: 'joe', key: one }),
    expect: 'refusal',
  },
  {
    name: 'authorizedKey follows no link that the user made: the directory',
    before: sh`${joe} && ln -s /etc /home/joe/.ssh`,
    call: () => authorizedKey({ user: 'joe', key: one }),
    expect: 'refusal',
    after: sh`! [ -e /etc/authorized_keys ]`,
  },
  {
    name: 'authorizedKey refuses a home that is not there',
    before: sh`useradd -M joe`,
    call: () => authorizedKey({ user: 'joe', key: one }),
    expect: 'refusal',
  },
  { name: 'authorizedKey refuses a user that is not there', call: () => authorizedKey({ user: 'joe', key: one }), expect: 'refusal' },
  ...(
    [
      ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\n'],
      ['half a key', one.slice(0, -20)],
      ['a type that the key is not of', one.replace('ssh-ed25519', 'ssh-rsa')],
      ['no key', '# nothing\n'],
      ['words', 'open the door'],
    ] as const
  ).map(
    ([what, key]): LawCase => ({
      name: `authorizedKey refuses ${what}`,
      before: joe,
      call: () => authorizedKey({ user: 'joe', key }),
      expect: 'refusal',
    }),
  ),
  {
    name: 'authorizedKey refuses options that are none',
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: one, keyOptions: 'command="a' }),
    expect: 'refusal',
  },
  {
    name: "authorizedKey refuses a line's end in the comment",
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: one, comment: `a\n${two}` }),
    expect: 'refusal',
  },
  {
    name: 'authorizedKey refuses to be exclusive in removing',
    before: joe,
    call: () => authorizedKey({ user: 'joe', key: one, state: 'absent', exclusive: true }),
    expect: 'refusal',
  },
  {
    name: 'authorizedKey takes hostile paths and comments',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/srv/${hostile}`)
      writeFileSync(`${root}/srv/${hostile}/${hostile}`, `${two} ${hostile.replaceAll('\n', ' ')}\n`)
      return joe
    },
    call: (_, hostile) =>
      authorizedKey({ user: 'joe', key: one, path: `/srv/${hostile}/${hostile}`, comment: hostile.replaceAll('\n', ' ').trim() }),
  },
  {
    name: 'authorizedKey refuses hostile users',
    hostile: true,
    call: (_, hostile) => authorizedKey({ user: `a${hostile}:`, key: one }),
    expect: 'refusal',
  },
]
