import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { labScript } from './paths.ts'
import { toyPackages } from './toy-packages.ts'

/** The password of the user `guarded`, whose sudo asks for one. No secret: the lab's hosts are on no network. */
export const guardedPassword = 'correct horse'

/** What the lab's hosts are made of. A change here makes a new image, as the image is cached by this recipe's hash. */
export const recipe = {
  codename: 'bookworm',
  /**
   * No python3: it proves that hosts need none. No libpam-systemd: with it, each connection starts a user manager.
   * openssl is on nearly every server, though none needs it. curl, iproute2 and busybox are for tests and for looking around.
   */
  packages: [
    'systemd',
    'systemd-sysv',
    'dbus',
    'openssh-server',
    'sudo',
    'adduser',
    'iproute2',
    'iputils-ping',
    'procps',
    'curl',
    'openssl',
    'busybox-static',
  ],
  /** What hosts may install, with all that it depends on: they are offline. */
  offer: ['haproxy', 'nginx', 'cron', 'git', 'opendoas'],
  /** Left out of the image and of all that is installed later: half of the files, and none that a lab needs. */
  excludedPaths: ['/usr/share/man/*', '/usr/share/locale/*', '/usr/share/doc/*', '/usr/share/info/*', '/usr/share/lintian/*'],
} as const

/** Identifies the image that this recipe makes. */
export function recipeHash(): string {
  const customize = readFileSync(labScript('image-customize'), 'utf8')
  return createHash('sha256')
    .update(JSON.stringify([recipe, guardedPassword, toyPackages, customize, process.arch]))
    .digest('hex')
    .slice(0, 16)
}
