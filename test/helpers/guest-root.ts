import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const passwd = `root:x:0:0:root:/root:/bin/sh
deploy:x:1000:1000::/home/deploy:/bin/sh
`
const group = `root:x:0:
deploy:x:1000:
builders:x:1005:deploy
`

/** Makes a small system of busybox alone in a folder, with a user `deploy`. Nothing is mounted in it. */
export function makeRoot(root: string, { devices = true } = {}): string {
  mkdirSync(root, { recursive: true })
  chmodSync(root, 0o755)
  for (const name of ['bin', 'dev', 'etc', 'home', 'proc', 'run', 'sys', 'usr', 'var']) mkdirSync(join(root, name), { recursive: true })
  mkdirSync(join(root, 'root'), { mode: 0o700 })
  mkdirSync(join(root, 'home/deploy'))
  execFileSync('chown', ['1000:1000', join(root, 'home/deploy')])
  execFileSync('install', ['-d', '-m', '1777', join(root, 'tmp')])
  symlinkSync('../bin', join(root, 'usr/bin'))
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')
  for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
  writeFileSync(join(root, 'etc/passwd'), passwd)
  writeFileSync(join(root, 'etc/group'), group)
  for (const [name, minor] of devices
    ? ([
        ['null', 3],
        ['zero', 5],
        ['urandom', 9],
      ] as const)
    : [])
    execFileSync('mknod', ['-m', '666', join(root, 'dev', name), 'c', '1', String(minor)])
  return root
}

/** Moves a folder into a root, to the same path there; a link remains. So both sides call it by one name. */
export function moveInto(root: string, folder: string): void {
  mkdirSync(join(root, dirname(folder)), { recursive: true })
  renameSync(folder, join(root, folder))
  symlinkSync(join(root, folder), folder)
}

/** Removes such a link. */
export function removeLink(folder: string): void {
  rmSync(folder, { force: true })
}
