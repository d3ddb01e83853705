import { Refusal } from '../dsl/definition.ts'
import { defineAction } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { run } from '../dsl/step.ts'
import { boot, readBoot } from '../resources/boot.ts'
import { Script, sh } from '../util/sh.ts'
import { fieldsOf } from './result-fields.ts'
import { script } from './shared-params.ts'

/** What is left of a reboot. */
export interface RebootResult {
  readonly rebooted: boolean
  /** Seconds from the command to the host's being back. */
  readonly elapsed: number
  readonly msg: string
}

// Whichever the host has; all of them return at once and leave the work to init. The link may die before this answers.
const byInit =
  new Script(`if [ "$(id -u)" != 0 ]; then echo 'only root may reboot: set become: true, or give a rebootCommand' >&2; exit 1; fi
if command -v shutdown >/dev/null; then shutdown -r now "$msg"
elif command -v systemctl >/dev/null; then systemctl reboot
elif command -v reboot >/dev/null; then reboot
else echo 'this host has none of shutdown, systemctl and reboot; give a rebootCommand' >&2; exit 1; fi`)

const seconds = (description: string) => Type.Optional(Type.Number({ minimum: 0, description }))

/** Reboots the host and waits until it is back as another boot. */
export const reboot = defineAction({
  name: 'reboot',
  summary: 'Reboot the host and wait until it is back',
  params: parameters({
    preRebootDelay: seconds('seconds before the reboot begins; default 0'),
    postRebootDelay: seconds('seconds after the command before the first attempt to connect; default 0'),
    rebootTimeout: seconds('seconds until the host must be back and its testCommand succeed; default 600'),
    connectTimeout: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'seconds for one attempt to connect; default: as for the first connection' }),
    ),
    testCommand: Type.Optional(
      script('a script that ends with 0 once the host is ready, run as the user of the task; default: that a shell answers'),
    ),
    msg: Type.Optional(Type.String({ description: 'told to users who are logged in, where the host has shutdown' })),
    rebootCommand: Type.Optional(script('what reboots the host, for one where none of shutdown, systemctl and reboot does')),
  }),
  reads: () => ({ boot: boot() }),
  due: (_, { boot: { id } }) => {
    if (id !== '') return true
    throw new Refusal(
      'this host does not tell one boot from another, so that a reboot could not be noticed',
      'It needs /proc/sys/kernel/random/boot_id or /proc/stat.',
    )
  },
  steps: ({ preRebootDelay = 0, msg = 'Reboot initiated by Rollcall', rebootCommand }) => [
    // It goes on when the session goes: a link that breaks first must not leave the reboot half-way.
    run(sh`trap '' HUP TERM PIPE
msg=${msg}
${preRebootDelay === 0 ? sh`:` : sh`sleep ${preRebootDelay}`}
${rebootCommand ?? byInit}`),
  ],
  returns: ({ postRebootDelay = 0, rebootTimeout = 600, connectTimeout, testCommand }, { boot: { id } }) => ({
    delay: postRebootDelay,
    timeout: rebootTimeout,
    connectTimeout,
    test: sh`${readBoot}
if [ "$boot" = ${id} ]; then echo 'it is still the boot of before: it has not gone down' >&2; exit 75; fi
${testCommand ?? sh`:`}`,
    boots: true,
    after: 'the reboot',
    fix: 'Look at its console: does it boot, and its network and sshd start? If it only takes longer, raise rebootTimeout, then run again.',
  }),
  would: 'reboot',
  // All that lives in memory alone. Files on disk, packages and users are as they were.
  touches: () => [
    'unit:*',
    'mount:*',
    'sysctl:*',
    'kernelModule:*',
    ...['file', 'link'].flatMap((kind) => [`${kind}:/run/*`, `${kind}:/tmp/*`, `${kind}:/dev/*`]),
  ],
  result: (_, __, { start, end }): RebootResult => ({
    rebooted: true,
    elapsed: Math.round((end.getTime() - start.getTime()) / 1000),
    msg: 'the host was rebooted and is back',
  }),
  idle: (_, reason): RebootResult => ({ rebooted: false, elapsed: 0, msg: reason }),
  resultFields: fieldsOf<RebootResult>({
    rebooted: 'whether it was; in check mode unknown, since it was not',
    elapsed: 'seconds from the command until the host was back',
    msg: 'what happened, as a sentence',
  }),
})
