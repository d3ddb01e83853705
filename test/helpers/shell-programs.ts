import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from './folder.ts'

/** A shell that reads scripts by itself: its name, what to run, and how to get a PATH with the tools of such a host. */
export type ShellProgram = readonly [name: string, argv: readonly string[], path: () => string]

/** dash and bash with the tools of this machine, and busybox with nothing but these tools of its own. */
export function shellPrograms(applets: string): readonly ShellProgram[] {
  return [
    ['dash', ['/bin/dash'], () => '/usr/bin:/bin'],
    ['bash', ['/bin/bash', '--posix'], () => '/usr/bin:/bin'],
    [
      'busybox',
      ['/bin/busybox', 'sh'],
      () => {
        const bin = testFolder()
        for (const applet of applets.split(' ')) symlinkSync('/bin/busybox', join(bin, applet))
        return bin
      },
    ],
  ]
}
