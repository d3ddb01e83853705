import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { user } from '../../../src/modules/user.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { Secret } from '../../../src/util/secret.ts'
import { sh } from '../../../src/util/sh.ts'

const [hash, other] = ['$6$salt$Ro1OBbF6mIyx6hQjXqvD0', '$y$j9T$q0Zr1k9mG7$abcdefABCDEF.0123456789']
const joe = sh`groupadd app && groupadd web && useradd -m -s /bin/sh -c 'Joe' -G app joe`
const withPassword = sh`${joe} && echo ${`joe:${hash}`} | chpasswd -e`

const field = (root: string, file: string, name: string, index: number) =>
  readFileSync(`${root}/etc/${file}`, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name)?.[index]
const shadow = (root: string) => field(root, 'shadow', 'joe', 1)

export const systemCases: readonly LawCase[] = [
  {
    name: 'user makes a user with its home and group',
    call: () => user({ name: 'joe' }),
    after: sh`[ "$(stat -c %U:%G /home/joe)" = joe:joe ] && [ -f /home/joe/.profile ]`,
  },
  {
    name: 'user makes one as it is told',
    before: sh`groupadd app && groupadd web && groupadd -g 4300 crew`,
    call: () =>
      user({
        name: 'joe',
        uid: 4242,
        group: '4300',
        groups: 'web, app',
        comment: 'Joe',
        home: '/srv/joe',
        shell: '/bin/sh',
        password: hash,
      }),
    after: (root) => {
      expect(readFileSync(`${root}/etc/passwd`, 'utf8')).toContain('joe:x:4242:4300:Joe:/srv/joe:/bin/sh\n')
      expect(shadow(root)).toBe(hash)
      return sh`[ "$(id -Gn joe)" = 'crew app web' ]`
    },
  },
  {
    name: 'user makes one for the system without a home',
    call: () => user({ name: 'joe', system: true, createHome: false, shell: '/usr/sbin/nologin' }),
    after: sh`[ "$(id -u joe)" -lt 1000 ] && ! [ -e /home/joe ]`,
  },
  {
    name: 'user takes a group of its name that is there',
    before: sh`groupadd -g 4242 joe`,
    call: () => user({ name: 'joe' }),
    after: sh`[ "$(id -gn joe)" = joe ]`,
  },
  { name: 'user refuses a group that is not there', call: () => user({ name: 'joe', groups: ['nosuch'] }), expect: 'refusal' },
  { name: 'user refuses a number that is taken', before: joe, call: () => user({ name: 'x', uid: 0 }), expect: 'refusal' },
  {
    name: 'user shares a number',
    call: () => user({ name: 'toor', uid: 0, nonUnique: true, createHome: false, home: '/root' }),
    after: (root) => expect(field(root, 'passwd', 'toor', 2)).toBe('0'),
  },
  {
    name: 'user leaves one',
    before: withPassword,
    call: () =>
      user({
        name: 'joe',
        groups: ['app'],
        comment: 'Joe',
        home: '/home/joe',
        shell: '/bin/sh',
        password: hash,
        group: 'joe',
        expires: 'never',
      }),
    expect: 'nothing',
  },
  {
    name: 'user changes all that can be changed',
    before: joe,
    call: () =>
      user({
        name: 'joe',
        uid: 4242,
        group: 'web',
        comment: 'J',
        shell: '/bin/bash',
        home: '/srv/joe',
        moveHome: true,
        expires: '2031-02-03',
      }),
    after: sh`[ -f /srv/joe/.profile ] && ! [ -e /home/joe ] && [ "$(id -u joe) $(id -gn joe)" = '4242 web' ] && getent shadow joe | grep -q :22313:`,
  },
  {
    name: 'user makes a home that is missing',
    before: sh`useradd -M joe && sed -i '/^HOME_MODE/d' /etc/login.defs`,
    call: () => user({ name: 'joe', home: '/srv/homes/joe' }),
    after: sh`[ "$(stat -c '%U:%G %a' /srv/homes/joe)" = 'joe:joe 755' ] && [ "$(stat -c %U /srv/homes/joe/.profile)" = joe ]`,
  },
  {
    name: 'user makes a home with the mode that the host is configured for',
    before: sh`useradd -M joe && echo 'HOME_MODE 0700' >>/etc/login.defs`,
    call: () => user({ name: 'joe', skeleton: '/nowhere' }),
    after: sh`[ "$(stat -c %a /home/joe)" = 700 ] && [ -z "$(ls -A /home/joe)" ]`,
  },
  {
    name: 'user leaves a home missing',
    before: sh`useradd -M joe`,
    call: () => user({ name: 'joe', createHome: false }),
    expect: 'nothing',
  },
  { name: 'user makes no home where none is meant to be', call: () => user({ name: 'nobody' }), expect: 'nothing' },
  {
    name: 'user leaves other groups',
    before: joe,
    call: () => user({ name: 'joe', groups: ['web'] }),
    after: sh`[ "$(id -Gn joe)" = 'joe web' ]`,
  },
  {
    name: 'user stays in other groups',
    before: joe,
    call: () => user({ name: 'joe', groups: 'web', append: true }),
    after: sh`[ "$(id -Gn joe)" = 'joe app web' ]`,
  },
  { name: 'user leaves all groups', before: joe, call: () => user({ name: 'joe', groups: [] }), after: sh`[ "$(id -Gn joe)" = joe ]` },
  {
    name: 'user is in the groups already',
    before: joe,
    call: () => user({ name: 'joe', groups: ['app'], append: true }),
    expect: 'nothing',
  },
  {
    name: 'user replaces a password',
    before: withPassword,
    call: () => user({ name: 'joe', password: new Secret(other) }),
    after: (root) => expect(shadow(root)).toBe(other),
  },
  {
    name: 'user leaves a password of a user that is there',
    before: withPassword,
    call: () => user({ name: 'joe', password: other, updatePassword: 'onCreate' }),
    expect: 'nothing',
  },
  {
    name: 'user sets a password once',
    call: () => user({ name: 'joe', password: other, updatePassword: 'onCreate' }),
    after: (root) => expect(shadow(root)).toBe(other),
  },
  {
    name: 'user locks a password',
    before: withPassword,
    call: () => user({ name: 'joe', passwordLock: true }),
    after: (root) => expect(shadow(root)).toBe(`!${hash}`),
  },
  {
    name: 'user unlocks a password',
    before: sh`${withPassword} && usermod -L joe`,
    call: () => user({ name: 'joe', password: hash, passwordLock: false }),
    after: (root) => expect(shadow(root)).toBe(hash),
  },
  {
    name: 'user makes one with a password that is locked',
    call: () => user({ name: 'joe', password: hash, passwordLock: true }),
    after: (root) => expect(shadow(root)).toBe(`!${hash}`),
  },
  {
    name: 'user unlocks no account without a password',
    before: joe,
    call: () => user({ name: 'joe', passwordLock: false }),
    expect: 'refusal',
  },
  { name: 'user refuses a plain password', call: () => user({ name: 'joe', password: 'secret' }), expect: 'refusal' },
  {
    name: 'user lifts an expiry',
    before: sh`useradd -M -e 2030-01-01 joe`,
    call: () => user({ name: 'joe', expires: -1, createHome: false }),
    after: (root) => expect(field(root, 'shadow', 'joe', 7)).toBe(''),
  },
  {
    name: 'user expires at a time in seconds',
    before: joe,
    call: () => user({ name: 'joe', expires: 1_893_456_000 }),
    after: (root) => expect(field(root, 'shadow', 'joe', 7)).toBe('21915'),
  },
  { name: 'user refuses a day that is none', call: () => user({ name: 'joe', expires: '2027-02-30' }), expect: 'refusal' },
  {
    name: 'user removes one and keeps its home',
    before: joe,
    call: () => user({ name: 'joe', state: 'absent' }),
    after: sh`! getent passwd joe && [ -d /home/joe ]`,
  },
  {
    name: 'user removes one with its home',
    before: joe,
    call: () => user({ name: 'joe', state: 'absent', remove: true, force: true }),
    after: sh`! getent passwd joe && ! [ -e /home/joe ]`,
  },
  {
    name: 'user removes one whose home is gone',
    before: sh`useradd -M joe`,
    call: () => user({ name: 'joe', state: 'absent', remove: true }),
  },
  { name: 'user leaves what is absent', call: () => user({ name: 'joe', state: 'absent', remove: true }), expect: 'nothing' },
  {
    name: 'user takes a hostile comment, home and shell',
    hostile: true,
    call: (_, hostile) => {
      const word = hostile.replaceAll(/[:\p{Cc}]/gu, '_')
      return user({ name: 'joe', comment: word, home: `/srv/${word}`, shell: `/bin/${word}` })
    },
    after: sh`[ "$(stat -c %U /srv/*/.profile)" = joe ]`,
  },
  {
    name: 'user moves to a hostile home',
    hostile: true,
    before: joe,
    call: (_, hostile) => {
      const word = hostile.replaceAll(/[:\p{Cc}]/gu, '_')
      return user({ name: 'joe', home: `/srv/${word}`, comment: `-${word}` })
    },
    after: sh`[ "$(stat -c %U /srv/*/.profile)" = joe ]`,
  },
  { name: 'user refuses hostile names', hostile: true, call: (_, hostile) => user({ name: `a${hostile}:` }), expect: 'refusal' },
  {
    name: 'user refuses hostile groups',
    hostile: true,
    call: (_, hostile) => user({ name: 'joe', groups: [`a${hostile}:`] }),
    expect: 'refusal',
  },
  { name: 'user refuses a colon in the comment', call: () => user({ name: 'joe', comment: 'a:b' }), expect: 'refusal' },
  {
    name: "user refuses a line's end in the shell",
    call: () => user({ name: 'joe', shell: '/bin/sh\nroot::0:0::/:/bin/sh' }),
    expect: 'refusal',
  },
  { name: 'user refuses a number as name', call: () => user({ name: '0' }), expect: 'refusal' },
]
