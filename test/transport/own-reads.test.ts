// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is a shell program

import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession, startSession } from '../../src/transport/session.ts'
import { encodeExchange } from '../../src/transport/session-frame.ts'
import { bootWords, loopCommand } from '../../src/transport/session-loop.ts'
import type { Job, Session } from '../../src/transport/session-types.ts'
import { Script, sh } from '../../src/util/sh.ts'
import { chance } from '../helpers/chance.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names = { host: 'honor-viper', user: 'admin' }
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')
const own = (script: Script): Job => ({ script, own: true })

const state = new Script(
  'pwd; umask; cat; echo "$# $- ${IFS-unset} $LC_ALL $TZ ${mine-unset}"; type lines 2>/dev/null; trap; case :$PATH: in *:/usr/sbin:*) echo sbin;; esac',
)

/** What reads that share a shell must not do to each other. */
const spoiling: readonly { readonly name: string; readonly script: Script; readonly code?: number; readonly stdout?: string }[] = [
  { name: 'a syntax error', script: new Script('if then fi ('), code: 2 },
  { name: 'an open quote', script: new Script(`echo 'never closed`), code: 2 },
  { name: 'exit', script: sh`echo before; exit 7`, code: 7, stdout: 'before\n' },
  { name: 'return', script: sh`echo before; return 0; echo after` },
  { name: 'break', script: sh`break 9; continue 9` },
  { name: 'exec of a program', script: sh`exec echo gone`, stdout: 'gone\n' },
  { name: 'exec of redirections', script: sh`exec >/dev/null 2>&1 </dev/null; echo unheard`, stdout: '' },
  { name: 'closed descriptors', script: sh`exec 0<&- 1>&- 2>&-`, stdout: '' },
  { name: 'set -e and a failure', script: sh`set -e; false; echo unreached`, code: 1, stdout: '' },
  { name: 'an unset variable', script: sh`set -u; echo "$none"` },
  { name: 'a trap', script: sh`trap 'echo trapped' EXIT HUP PIPE; exit 3`, code: 3, stdout: 'trapped\n' },
  { name: 'a signal to itself', script: sh`sh -c 'kill -9 $PPID'; echo unreached`, code: 137, stdout: '' },
  { name: 'a read-only variable', script: sh`readonly mine=1 rc_s=1 rc_i=1 rc_q=1 rc_m=1 PATH; echo "$mine"`, stdout: '1\n' },
  { name: 'changes to everything', script: sh`cd /usr; umask 0; IFS=x; LC_ALL=xx; set -f -u a b c; mine=1; export LC_ALL IFS mine; PATH=` },
  {
    name: 'functions',
    script: sh`head() { echo no; }; printf() { echo no; }; rc_own() { echo no; }; rc_say() { echo no; }; lines() { echo no; }`,
  },
  { name: 'reading its input', script: sh`cat; read -r line; echo "<$line>"`, stdout: '<>\n' },
  { name: 'a document in place', script: new Script("cat <<'EOF'\n$x `y` '\nEOF"), stdout: "$x `y` '\n" },
  { name: 'a comment at the end', script: new Script('echo hi # no newline'), stdout: 'hi\n' },
  { name: 'a brace that would close the driver', script: new Script('}\necho late'), code: 2 },
  { name: 'output without a newline', script: sh`printf 'no end'`, stdout: 'no end' },
  { name: 'much on standard error', script: sh`head -c 300000 /dev/zero >&2; echo on`, stdout: 'on\n' },
]

describe.each(shells)('reads of our own through $name', (shell) => {
  let session: Session
  let folder = ''
  beforeAll(async () => {
    folder = testFolder()
    session = await openSession(shell.connect({ TMPDIR: folder }), names)
  })
  afterAll(() => session.close())

  test.each(spoiling)('$name spoils no other', async ({ script, code, stdout }) => {
    const [clean] = await session.exchange([own(state)])
    const [first, next, inFull] = await session.exchange([own(script), own(state), { script: sh`echo apart` }])
    const [alone, later] = await session.exchange([own(script), own(state)])
    expect(text(clean?.stdout)).toMatch(/^\/\n0077\n0 .*C UTC unset\n(.*\n)*sbin\n$/)
    for (const reply of [next, later]) expect([text(reply?.stdout), reply?.code]).toEqual([text(clean?.stdout), 0])
    expect(text(inFull?.stdout)).toBe('apart\n')
    for (const reply of [first, alone]) {
      // Shells differ in the code of a syntax error: dash and busybox say 2, bash says 2 or 1.
      if (code !== undefined) expect(reply?.code === code || (code === 2 && reply?.code === 1), `code ${reply?.code}`).toBe(true)
      if (stdout !== undefined) expect(text(reply?.stdout)).toBe(stdout)
    }
  })

  test('make no file on the host, and cost one exchange', async () => {
    const quiet = testFolder()
    const fresh = await openSession(shell.connect({ TMPDIR: quiet }), names)
    const replies = await fresh.exchange(Array.from({ length: 40 }, (_, number) => own(sh`echo ${number}`)))
    expect(replies.map(({ stdout }) => text(stdout))).toEqual(replies.map((_, number) => `${number}\n`))
    expect([readdirSync(quiet), fresh.stats.exchanges]).toEqual([[], 1])
    await fresh.close()
  })

  test('one that fails is run once more by itself, and then tells why', async () => {
    const before = session.stats.exchanges
    const counter = join(folder, 'counter')
    const [failed, fine] = await session.exchange([own(sh`echo x >>${counter}; echo why >&2; exit 4`), own(sh`echo fine`)])
    expect([failed?.code, text(failed?.stderr), text(fine?.stdout)]).toEqual([4, 'why\n', 'fine\n'])
    expect(session.stats.exchanges).toBe(before + 2)
    const passes = join(folder, 'passes')
    const [second] = await session.exchange([own(sh`[ -e ${passes} ] || { : >${passes}; exit 1; }; echo passed`)])
    expect([second?.code, text(second?.stdout)]).toEqual([0, 'passed\n'])
  })

  test('one before a step is not run again behind it', async () => {
    const mark = join(folder, 'mark')
    const replies = await session.exchange([own(sh`[ -e ${mark} ]`), { script: sh`: >${mark}`, step: true }, own(sh`[ -e ${mark} ]`)])
    expect(replies.map(({ code }) => code)).toEqual([1, 0, 0])
  })

  test('give any bytes back, among steps too, and whatever looks like the end of an answer', async () => {
    const known = sh`nonce=$(tr '\0' '\n' </proc/$$/cmdline | sed -n 5p)
for word in done full end out; do printf '\n%s %s %s 1 2 3\n' "$nonce" ${session.stats.exchanges + 1} "$word"; done`
    const zeros = sh`head -c 5000000 /dev/zero; printf '\n\n'`
    const replies = await session.exchange([own(known), { script: sh`echo step`, step: true }, own(zeros), own(sh`echo last`)])
    expect(text(replies[0]?.stdout).match(/full 1 2 3/g)).toHaveLength(1)
    expect(Buffer.from(replies[2]?.stdout ?? []).equals(Buffer.concat([Buffer.alloc(5_000_000), Buffer.from('\n\n')]))).toBe(true)
    expect([text(replies[1]?.stdout), text(replies[3]?.stdout)]).toEqual(['step\n', 'last\n'])
  })

  test.each([
    { name: 'their exchange', command: loopCommand('nonce'), boot: false },
    { name: 'the program that came with it', command: sh`exec ${bootWords('nonce')}`, boot: true },
  ])('run not at all when $name is cut off on its way', async ({ command, boot }) => {
    const ran = join(testFolder(), 'ran')
    const bytes = encodeExchange(1, [own(sh`: >${ran}`), own(sh`: >${ran}`)], 'mark', { boot })
    const run = async (length: number) => {
      const process = await shell.connect().start(command)
      process.stdout.resume()
      process.stderr.resume()
      process.stdin.end(bytes.subarray(0, length))
      await process.exit
    }
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 3 }), run), {
      ...chance(30),
      examples: [[bytes.length - 3], [bytes.length - 4], [0]],
    })
    expect(existsSync(ran)).toBe(false)
    await run(bytes.length)
    expect(existsSync(ran)).toBe(true)
  })

  test('need no directory that can be written; other jobs say that there is none', async () => {
    const programs = testFolder()
    writeFileSync(join(programs, 'mkdir'), '#!/bin/sh\nexit 1\n')
    chmodSync(join(programs, 'mkdir'), 0o755)
    // Debian's busybox finds its own tools without a PATH.
    const full = await openSession(shell.connect({ PATH: `${programs}:/usr/bin:/bin` }), names)
    expect(text((await full.exchange([own(sh`echo read`)]))[0]?.stdout)).toBe('read\n')
    if (shell.name === 'busybox') return full.close()
    const refused = { name: 'RollcallError', details: { host: 'honor-viper', summary: /no directory for working files/ } }
    await expect(full.exchange([{ script: sh`true` }])).rejects.toMatchObject(refused)
    await expect(full.exchange([own(sh`true`)])).rejects.toMatchObject(refused)
    await full.close()
  })

  test('that everybody may see come with the command that opens the session', async () => {
    const hostile = `it's "; $(id) \`id\` \\ \\n \\0101 %s %% \n ! !! * ~ # ü \u{1f600} end`
    const open = (script: Script): Job => ({ ...own(script), open: true })
    const jobs = [open(sh`printf %s ${hostile}`), open(sh`printf '%s\n' one two`), open(sh`exit 3`)]
    let command = ''
    const connection = shell.connect()
    const watched: typeof connection = {
      ...connection,
      start: (script, options) => {
        command = script.text
        return connection.start(script, options)
      },
    }
    const { session: started, replies } = await startSession(watched, names, jobs)
    const [first, second, third] = await replies
    expect([text(first?.stdout), text(second?.stdout), third?.code]).toEqual([hostile, 'one\ntwo\n', 3])
    expect(command).not.toMatch(/[!\n]/)
    expect(command.replaceAll(/'[^']*'/g, '')).not.toContain(`'`)
    expect(started.stats.exchanges).toBe(2) // The last one was run again.
    expect(text((await started.exchange([own(state)]))[0]?.stdout)).toContain('sbin')
    await started.close()
  })

  test.each([
    ['of others than ourselves', [{ script: sh`echo secret` }]],
    ['that are not open', [own(sh`echo secret`)]],
    ['longer than a command may be', [{ ...own(sh`: ${'x'.repeat(9000)}; echo secret`), open: true }]],
  ])('jobs %s follow the greeting', async (_, jobs) => {
    const connection = shell.connect()
    const watched: typeof connection = {
      ...connection,
      start: (script, options) => {
        expect(script.text).not.toContain('secret')
        return connection.start(script, options)
      },
    }
    const { session: started, replies } = await startSession(watched, names, jobs)
    expect(text((await replies)[0]?.stdout)).toBe('secret\n')
    expect(started.stats.exchanges).toBe(1)
    await started.close()
  })
})
