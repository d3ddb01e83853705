import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run, runQuick, type Step, write } from '../../src/dsl/step.ts'
import { compileSteps } from '../../src/resources/compile-steps.ts'
import { stepJob } from '../../src/resources/step-job.ts'
import { type LocalHost, localHost, localHosts } from '../../src/testing/index.ts'
import { usualPath } from '../../src/testing/local-host.ts'
import type { Job, Reply } from '../../src/transport/session-types.ts'
import { sh } from '../../src/util/sh.ts'

let base = ''
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'steps-'))
  chmodSync(base, 0o755)
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const bytes = (content: string) => new TextEncoder().encode(content)
const isRoot = process.getuid?.() === 0

/** As a session runs jobs: once a step has failed, no further one. */
async function runAll(host: LocalHost, jobs: readonly Job[]): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  let stopped = false
  for (const job of jobs) {
    if (stopped) replies.push({ ran: false, code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() })
    else {
      const reply = await host.run(job)
      replies.push(reply)
      stopped = reply.code !== 0
    }
  }
  return replies
}

/** Everything of a tree but times and inode numbers. */
function treeIn(root: string): readonly string[] {
  const lists = execFileSync('getfacl', ['-Rcpsn', root], { encoding: 'utf8' })
  const lines: string[] = [lists]
  const visit = (path: string) => {
    const state = lstatSync(path)
    const content = state.isSymbolicLink() ? readlinkSync(path) : state.isFile() ? readFileSync(path, 'base64') : ''
    const { mode, uid, gid, nlink } = state
    lines.push(JSON.stringify([path.slice(root.length), mode.toString(8), uid, gid, state.isDirectory() ? 0 : nlink, content]))
    if (state.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name))
  }
  visit(root)
  return lines
}

type Make = (root: string) => void
type Steps = (root: string) => readonly Step[]

const said = (root: string, replies: readonly Reply[]) =>
  replies.map(({ ran, code, stdout, stderr }) => ({
    ran,
    code,
    stdout: Buffer.from(stdout).toString('latin1').replaceAll(root, 'ROOT'),
    stderr: Buffer.from(stderr).toString('latin1').replaceAll(root, 'ROOT'),
  }))

async function apart(host: LocalHost, make: Make, steps: Steps) {
  const root = join(base, 'apart')
  mkdirSync(root)
  make(root)
  const replies = await runAll(
    host,
    steps(root).map((step, index) => stepJob(step, `n0nce${index}`)),
  )
  return { replies: said(root, replies), tree: treeIn(root) }
}

async function together(host: LocalHost, make: Make, steps: Steps) {
  const root = join(base, 'merged')
  mkdirSync(root)
  make(root)
  const { jobs, replies } = compileSteps(steps(root), 'n0nce')
  return { replies: said(root, replies(await runAll(host, jobs))), tree: treeIn(root), jobs: jobs.length }
}

const nothing = () => {}
const allBytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256)
const odd = [
  '',
  '\n',
  'a\n\n\n',
  '%s %d\\n\\0',
  "it's 'quoted'",
  'ünïcödé\u{1f600}',
  '-n',
  '-- x',
  'a\r\nb\t\u0001\u007f\u001b',
  '`id` $(id) $HOME "x"',
]
const names = ['a b', '-rf', 'new\nline', "it's", '$(touch x)', '*', 'ü', '.hidden', '%s', 'back\\slash']
const old = (root: string, name: string, mode = 0o644, content = 'old') => {
  writeFileSync(join(root, name), content)
  chmodSync(join(root, name), mode)
}

const scenarios: readonly [string, { make?: Make; steps: Steps; jobs?: number }][] = [
  ['odd contents', { steps: (root) => odd.map((text, index) => write(`${root}/${index}`, bytes(text))), jobs: 1 }],
  [
    'bytes that are no text',
    {
      steps: (root) => [
        write(`${root}/a`, allBytes),
        write(`${root}/b`, allBytes.slice(200, 256)),
        write(`${root}/c`, allBytes.slice(1, 128)),
      ],
      jobs: 1,
    },
  ],
  [
    'what is long is sent by itself',
    {
      steps: (root) => [
        write(`${root}/a`, bytes('a')),
        write(`${root}/b`, bytes('b'.repeat(70_000))),
        write(`${root}/c`, bytes('c')),
        write(`${root}/d`, bytes('d')),
        write(`${root}/e`, new Uint8Array(9000)),
      ],
      jobs: 4,
    },
  ],
  ['odd names', { steps: (root) => names.map((name) => write(`${root}/${name}`, bytes(name), { mode: '0600' })), jobs: 1 }],
  [
    'odd names that are there',
    {
      make: (root) => {
        for (const name of names) old(root, name, 0o640)
      },
      steps: (root) => names.map((name) => write(`${root}/${name}`, bytes('new'))),
    },
  ],
  [
    'modes',
    {
      steps: (root) =>
        ['0644', '0600', '0600', '4755', '0000', '1777', '0644'].map((mode, index) => write(`${root}/${index}`, bytes('x'), { mode })),
    },
  ],
  [
    'owners',
    {
      steps: (root) => [
        write(`${root}/a`, bytes('x'), { owner: '54321' }),
        write(`${root}/b`, bytes('x'), { group: '54322', mode: '2750' }),
        write(`${root}/c`, bytes('x'), { owner: '54321', group: '54322', mode: '6755' }),
        write(`${root}/d`, bytes('x')),
      ],
    },
  ],
  [
    'what is there keeps what is not asked',
    {
      make: (root) => {
        for (const [index, mode] of [0o600, 0o4755, 0o000, 0o644, 0o640].entries()) {
          old(root, `${index}`, mode)
          chownSync(`${root}/${index}`, 54_000 + index, index % 2)
          chmodSync(`${root}/${index}`, mode)
        }
      },
      steps: (root) => [
        write(`${root}/0`, bytes('new')),
        write(`${root}/1`, bytes('new')),
        write(`${root}/n`, bytes('new')),
        write(`${root}/2`, bytes('new'), { mode: '0604' }),
        write(`${root}/3`, bytes('new'), { owner: '0', mode: '4711' }),
        write(`${root}/4`, bytes('new'), { group: '7' }),
      ],
      jobs: 1,
    },
  ],
  [
    'other names of what is there keep the old content',
    {
      make: (root) => {
        old(root, 'a')
        linkSync(`${root}/a`, `${root}/b`)
        linkSync(`${root}/a`, `${root}/c`)
      },
      steps: (root) => [write(`${root}/a`, bytes('1')), write(`${root}/b`, bytes('2')), write(`${root}/d`, bytes('3'))],
    },
  ],
  [
    'links among them',
    {
      make: (root) => {
        mkdirSync(`${root}/d`)
        old(root, 'd/end')
        symlinkSync('d/end', `${root}/l1`)
        symlinkSync('d/none', `${root}/l2`)
        symlinkSync('d', `${root}/dir`)
      },
      steps: (root) => [
        write(`${root}/a`, bytes('a')),
        write(`${root}/l1`, bytes('1')),
        write(`${root}/b`, bytes('b')),
        write(`${root}/l2`, bytes('2')),
        write(`${root}/dir/x`, bytes('x')),
        write(`${root}/d/x`, bytes('y')),
        write(`${root}/dir/end`, bytes('again')),
        write(`${root}/c`, bytes('c')),
      ],
    },
  ],
  [
    'an access list among them',
    {
      make: (root) => {
        for (const name of ['a', 'b', 'c']) old(root, name, 0o640)
        execFileSync('setfacl', ['-m', 'u:54321:rw', `${root}/b`, `${root}/c`])
      },
      steps: (root) => [write(`${root}/a`, bytes('1')), write(`${root}/b`, bytes('2')), write(`${root}/c`, bytes('3'), { mode: '0600' })],
    },
  ],
  [
    'directories that hand on access lists and groups',
    {
      make: (root) => {
        mkdirSync(`${root}/acl`)
        execFileSync('setfacl', ['-d', '-m', 'u:54321:rwx', `${root}/acl`])
        mkdirSync(`${root}/group`)
        chownSync(`${root}/group`, 0, 54_322)
        chmodSync(`${root}/group`, 0o2775)
      },
      steps: (root) =>
        ['acl', 'group'].flatMap((name) =>
          [1, 2, 3].map((n) => write(`${root}/${name}/${n}`, bytes('x'), { mode: n === 1 ? '0600' : '0664' })),
        ),
    },
  ],
  [
    'a directory that everybody writes into',
    {
      make: (root) => {
        mkdirSync(`${root}/t`)
        chmodSync(`${root}/t`, 0o1777)
        old(`${root}/t`, 'a')
      },
      steps: (root) => ['a', 'b', 'c'].map((name) => write(`${root}/t/${name}`, bytes('x'))),
    },
  ],
  ...(
    [
      ['a directory that is missing', (root) => write(`${root}/none/x`, bytes('x'))],
      ['a file for a directory', (root) => write(`${root}/a/x`, bytes('x'))],
      ['a directory in the place', (root) => write(`${root}/dir`, bytes('x'))],
      ['a link to nowhere', (root) => write(`${root}/lost`, bytes('x'))],
      ['an owner that nobody knows', (root) => write(`${root}/x`, bytes('x'), { owner: 'no-such-user' })],
      ['a command that fails', () => run(sh`echo out; echo error >&2; exit 3`)],
      ['a quick command that fails', () => runQuick(sh`echo out; echo error >&2; exit 3`)],
    ] satisfies readonly [string, (root: string) => Step][]
  ).map(([name, failing]): [string, { make: Make; steps: Steps }] => [
    `${name} stops those behind it`,
    {
      make: (root) => {
        mkdirSync(`${root}/dir`)
        old(root, 'b', 0o600)
        symlinkSync('none/none', `${root}/lost`)
      },
      steps: (root) => [
        write(`${root}/a`, bytes('a')),
        write(`${root}/b`, bytes('b')),
        failing(root),
        write(`${root}/c`, bytes('c')),
        runQuick(sh`echo never`),
      ],
    },
  ]),
  [
    'one file twice, and a file below one',
    {
      steps: (root) => [
        write(`${root}/a`, bytes('1'), { mode: '0600' }),
        write(`${root}/b`, bytes('1')),
        write(`${root}/a`, bytes('2')),
        write(`${root}//a/.`, bytes('3')),
        write(`${root}/a/x`, bytes('x')),
      ],
    },
  ],
  [
    'quick commands between them',
    {
      steps: (root) => [
        runQuick(sh`mkdir -- ${`${root}/d`} && echo made; printf 'no newline'; echo oops >&2`),
        write(`${root}/d/a`, bytes('a')),
        write(`${root}/d/b`, bytes('b')),
        runQuick(sh`umask 000; cd ${root} || exit; : >x; dest=1 mode=7 set -C; exec 3>&1; pwd | wc -l`),
        write(`${root}/d/c`, bytes('c')),
        runQuick(sh`pwd; umask; cat; echo x >${root}/d/a; trap 'echo bye' EXIT # the end`),
        runQuick(sh`rm -f -- ${`${root}/d/a`}`),
        write(`${root}/d/b`, bytes('b2')),
      ],
      jobs: 2,
    },
  ],
  [
    'commands of users have a shell of their own',
    {
      steps: (root) => [
        write(`${root}/a`, bytes('a')),
        run(sh`cd ${root}; umask 0; echo "$0" >b; false; true`),
        write(`${root}/c`, bytes('c')),
      ],
      jobs: 3,
    },
  ],
  [
    'check, source and copy of the old one',
    {
      make: (root) => old(root, 'a'),
      steps: (root) => [
        write(`${root}/b`, bytes('b'), { validate: (path) => sh`cat ${path}; echo checked >&2` }),
        write(`${root}/c`, bytes(''), { from: `${root}/a` }),
        write(`${root}/d`, bytes('d'), { validate: () => sh`false` }),
        write(`${root}/e`, bytes('e')),
      ],
      jobs: 4,
    },
  ],
  [
    'many files in many directories',
    {
      make: (root) => {
        for (let n = 0; n < 4; n++) mkdirSync(`${root}/${n}`)
        for (let n = 0; n < 75; n += 3) old(root, `0/${n}`, 0o600 + (n % 8))
      },
      steps: (root) =>
        Array.from({ length: 100 }, (_, n) =>
          write(`${root}/${n < 75 ? 0 : n % 4}/${n}`, bytes(`content ${n}\n`), n % 5 ? { mode: n % 2 ? '0640' : '0644' } : {}),
        ),
      jobs: 1,
    },
  ],
]

describe.each(localHosts())('steps in few jobs on $name', (host) => {
  test.runIf(isRoot).each(scenarios)('%s', async (_, { make = nothing, steps, jobs }) => {
    const expected = await apart(host, make, steps)
    const actual = await together(host, make, steps)
    expect(actual.replies).toEqual(expected.replies)
    expect(actual.tree).toEqual(expected.tree)
    if (jobs !== undefined) expect(actual.jobs).toBe(jobs)
  })
  /** Both ways in a namespace of mounts that `set` makes, with `$root` for the place. */
  const mounted = (set: string, steps: Steps, make: Make) => {
    const shell = host.name === 'busybox' ? ['busybox', 'sh'] : [host.name]
    const by = (name: string, jobsOf: (steps: readonly Step[]) => readonly Job[]) => {
      const root = join(base, name)
      mkdirSync(root)
      make(root)
      const jobs = jobsOf(steps(root))
      const scripts = jobs.map((job, index) => {
        writeFileSync(join(base, `${name}${index}`), job.script.text)
        writeFileSync(join(base, `${name}${index}in`), job.stdin ?? '')
        return sh`${shell} ${join(base, `${name}${index}`)} <${join(base, `${name}${index}in`)} >${join(base, `${name}${index}o`)} 2>${join(base, `${name}${index}e`)}
echo $? >${join(base, `${name}${index}c`)}
[ "$(cat ${join(base, `${name}${index}c`)})" = 0 ] || { cp -a ${root} ${join(base, `${name}-left`)}; exit 0; }`
      })
      const whole = [
        `export LC_ALL=C; umask 077; root=${root}; ${set}`,
        ...scripts.map(({ text }) => text),
        `cp -a ${root} ${join(base, `${name}-left`)}`,
      ]
      execFileSync('unshare', ['-m', '--propagation', 'private', 'sh', '-c', whole.join('\n')])
      const replies = jobs.map((_, index): Reply => {
        const read = (what: string) => new Uint8Array(readFileSync(join(base, `${name}${index}${what}`)))
        if (!existsSync(join(base, `${name}${index}c`))) return { ran: false, code: 0, stdout: new Uint8Array(), stderr: new Uint8Array() }
        return { ran: true, code: Number(Buffer.from(read('c')).toString()), stdout: read('o'), stderr: read('e') }
      })
      return { replies, tree: treeIn(join(base, `${name}-left`)), root }
    }
    const one = by('one', (all) => all.map((step, index) => stepJob(step, `n0nce${index}`)))
    let back = (replies: readonly Reply[]) => replies
    const many = by('many', (all) => {
      const { jobs, replies } = compileSteps(all, 'n0nce')
      back = replies
      return jobs
    })
    expect(many.tree).toEqual(one.tree)
    const replies = said(many.root, back(many.replies))
    expect(replies).toEqual(said(one.root, one.replies))
    return replies
  }

  test.runIf(isRoot).each([false, true])('a mount among them, unsafe %s', (unsafeWrites) => {
    const replies = mounted(
      'mount --bind "$root/real" "$root/b"',
      (root) => ['a', 'b', 'c', 'd'].map((name) => write(`${root}/${name}`, bytes(`new ${name}`), { unsafeWrites, mode: '0640' })),
      (root) => {
        for (const name of ['a', 'b', 'c', 'real']) old(root, name)
      },
    )
    expect(replies.map(({ ran, code }) => [ran, code])).toEqual(
      unsafeWrites
        ? Array.from({ length: 4 }, () => [true, 0])
        : [
            [true, 0],
            [true, 1],
            [false, 0],
            [false, 0],
          ],
    )
    if (!unsafeWrites) expect(replies[1]!.stderr).toMatch(/something is mounted on it/)
  })

  test.runIf(isRoot)('no room for one of them', () => {
    const replies = mounted(
      'mount -t tmpfs -o size=16k,mode=755 none "$root"',
      (root) => [1, 4000, 3000, 9000, 10].map((length, index) => write(`${root}/${index}`, bytes('x'.repeat(length)))),
      nothing,
    )
    expect(replies.map(({ ran, code }) => [ran, code])).toEqual([
      [true, 0],
      [true, 0],
      [true, 0],
      [true, 1],
      [false, 0],
    ])
    expect(replies[3]!.stderr).toMatch(/^cannot write ROOT\/3: its content could not be stored in ROOT \(No space left on device\)\n$/)
  })

  test.runIf(isRoot && host.name !== 'busybox')('a file that nobody may replace, where the file system knows of that', async () => {
    const steps: Steps = (root) => ['a', 'b', 'c'].map((name) => write(`${root}/${name}`, bytes('new')))
    const locked: string[] = []
    const make: Make = (root) => {
      for (const name of ['a', 'b', 'c']) old(root, name)
      if (spawnSync('chattr', ['+i', `${root}/b`]).status === 0) locked.push(`${root}/b`)
    }
    try {
      const expected = await apart(host, make, steps)
      expect(await together(host, make, steps)).toMatchObject(expected)
      expect(expected.replies.map(({ code }) => code)).toEqual(locked.length > 0 ? [0, 1, 0] : [0, 0, 0])
    } finally {
      for (const path of locked) execFileSync('chattr', ['-i', path])
    }
  })

  test.runIf(isRoot && host.name !== 'busybox')('killed while it writes: nothing is left of it', async () => {
    const bin = join(base, 'bin')
    const root = join(base, 'root')
    mkdirSync(bin)
    mkdirSync(root)
    writeFileSync(join(bin, 'chmod'), '#!/bin/sh\nkill -TERM "$PPID"\nsleep 1\n', { mode: 0o755 })
    for (const name of ['a', 'b']) old(root, name)
    const killed = localHost({ name: host.name, shell: [`/bin/${host.name}`], path: `${bin}:${usualPath}` })
    const { jobs, replies } = compileSteps(
      ['a', 'b', 'c'].map((name) => write(`${root}/${name}`, bytes('new'), { mode: '0600' })),
      'n0nce',
    )
    expect(said(root, replies(await runAll(killed, jobs))).map(({ ran, code }) => [ran, code])).toEqual([
      [true, 143],
      [false, 0],
      [false, 0],
    ])
    expect(readdirSync(root).map((name) => [name, readFileSync(join(root, name), 'utf8')])).toEqual([
      ['a', 'old'],
      ['b', 'old'],
    ])
  })

  test('nobody else can look into what is being written', async () => {
    const bin = join(base, 'bin')
    const root = join(base, 'root')
    mkdirSync(bin)
    mkdirSync(root)
    writeFileSync(join(bin, 'chmod'), `#!/bin/sh\nstat -c %a . >>${base}/seen\nexec /bin/chmod "$@"\n`, { mode: 0o755 })
    const watched = localHost({ name: 'dash', shell: ['/bin/dash'], path: `${bin}:${usualPath}` })
    const { jobs } = compileSteps(
      ['a', 'b'].map((name) => write(`${root}/${name}`, bytes('secret'), { mode: '0644' })),
      'n0nce',
    )
    expect(await runAll(watched, jobs)).toMatchObject([{ code: 0 }])
    expect(readFileSync(`${base}/seen`, 'utf8')).toBe('700\n')
  })
})

test('what is written stands in no text for people', () => {
  const { jobs } = compileSteps([write('/a', bytes('the secret')), write('/b', bytes('more'))], 'n0nce')
  expect(jobs).toHaveLength(1)
  expect(`${jobs[0]!.script} ${JSON.stringify(jobs)}`).not.toContain('secret')
  expect(jobs[0]!.script.text).toContain('the secret')
})

test.runIf(isRoot)('without rights: as one by one', async () => {
  const nobody = localHost({ name: 'dash', shell: ['/bin/dash'], uid: 65_534 })
  const make: Make = (root) => {
    mkdirSync(`${root}/open`)
    mkdirSync(`${root}/closed`)
    chmodSync(`${root}/open`, 0o777)
    old(root, 'open/b', 0o666)
  }
  for (const [index, paths] of [
    ['open/a', 'open/b', 'open/c'],
    ['open/a', 'open/c', 'closed/a', 'open/d'],
    ['closed/a', 'closed/b'],
  ].entries()) {
    base = mkdtempSync(join(base, `${index}-`))
    chmodSync(base, 0o755)
    const steps: Steps = (root) => paths.map((path) => write(`${root}/${path}`, bytes('new')))
    const expected = await apart(nobody, make, steps)
    const { replies, tree } = await together(nobody, make, steps)
    expect({ replies, tree }).toEqual(expected)
    expect(expected.replies.some(({ code }) => code === 1)).toBe(true)
  }
})
