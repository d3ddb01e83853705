import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/dsl/call.ts'
import type { PlayTools } from '../../src/dsl/play-tools.ts'
import { instanceOf, parameters } from '../../src/dsl/schema.ts'
import {
  command,
  copy,
  defineAction,
  defineInventory,
  definePlaybook,
  file,
  getUrl,
  git,
  lineinfile,
  local,
  query,
  run,
  sh,
  shell,
  unarchive,
  uri,
  waitFor,
} from '../../src/index.ts'
import { Script } from '../../src/util/sh.ts'
import { openSteering } from '../../src/util/steering.ts'
import { chance } from '../helpers/chance.ts'
import { type LocalRun, type LocalRunOptions, runLocally, scratchIn, temporaryFolder, withoutTimes } from '../helpers/engine.ts'
import { ask, happen, note } from '../helpers/note.ts'
import { gitIn } from '../modules/case-helpers.ts'

const root = temporaryFolder()
const scratch = scratchIn(root)
const { at } = scratch
const inventory = defineInventory({
  groups: { all: {}, web: {} },
  hosts: { one: { groups: ['web'], connection: local() }, two: { groups: ['web'], connection: local() } },
})
const runOf = (fill: (tools: PlayTools<any>) => void, options: Partial<LocalRunOptions> = {}): Promise<LocalRun> => {
  const playbook = definePlaybook('parallel', inventory, (play) => play('parallel', { hosts: 'one' }, fill as never))
  return runLocally(playbook, { home: scratch.home, ...options })
}
const text = (name: string) => readFileSync(at(name), 'utf8')
/** Makes `own` and ends when all of `others` are there: each waits for the other, so they end only if they run at the same time. */
const meet = (own: string, ...others: readonly string[]) =>
  sh`: >${at(own)}; for f in ${others.map(at)}; do until [ -e "$f" ]; do sleep 0.05; done; done; echo ${own} met`
const pending = () => {
  const folder = join(scratch.home, '.local/state/rollcall/pending')
  return existsSync(folder) ? readdirSync(folder).length : 0
}

describe('items of a list that may run at the same time', () => {
  test('do so, in one exchange, and their results keep the order of the list', async () => {
    const run = await runOf(({ task }) => {
      const met = task(
        'meet',
        [shell({ script: meet('a', 'b', 'c') }), shell({ script: meet('b', 'a', 'c') }), shell({ script: meet('c', 'a', 'b') })],
        {
          parallel: 3,
          environment: { GIVEN: 'x' },
        },
      )
      task('tell', ({ result }) =>
        note({
          path: at('told'),
          text: result(met)
            .items.map(({ stdout }: { readonly stdout: string }) => stdout)
            .join(', '),
        }),
      )
    })
    expect(run.outcomes('one')).toEqual(['meet: changed', 'tell: changed'])
    expect(text('told')).toBe('a met, b met, c met\n')
    expect(run.scripts('one')[0]!.filter((script) => script.includes('met'))).toHaveLength(3)
    expect(run.exchanges('one')).toBe(3) // The list; what the next task reads, which hangs on it; its change.
  })

  test('run one after another where nothing is said', async () => {
    const run = await runOf(({ task }) => {
      task(
        'in turn',
        ['a', 'b'].map((name) =>
          shell({
            script: sh`test "$(ls ${at('running')} 2>/dev/null)" = "" && : >${at('running')}; echo ${name} >>${at('log')}; rm ${at('running')}`,
          }),
        ),
      )
    })
    expect([run.outcomes('one'), text('log')]).toEqual([['in turn: changed'], 'a\nb\n'])
  })

  test.each([
    { what: 'queries', item: (own: string, other: string) => query({ script: meet(own, other) }) },
    {
      what: 'what a command asks first',
      item: (own: string, other: string) => shell({ script: sh`echo ran`, unless: sh`( ${meet(own, other)} ) >/dev/null; false` }),
    },
    {
      what: 'what waits for a file',
      item: (own: string, other: string) =>
        own === 'a' ? waitFor({ path: at('come'), timeout: 20 }) : query({ script: sh`: >${at('come')}; echo ${other}` }),
    },
  ])('$what run at the same time, too', async ({ item }) => {
    const run = await runOf(({ task }) => {
      task('ask', [item('a', 'b'), item('b', 'a')], { parallel: 2 })
    })
    expect(run.outcomes('one')[0]).toMatch(/^ask: (ok|changed)$/)
    expect((run.tasks[0]!.result as { items: unknown[] }).items).toHaveLength(2)
    expect(run.exchanges('one')).toBeLessThanOrEqual(2)
  })

  test('what only asks waits for the changes before it, and is not asked behind a failure', async () => {
    const run = await runOf(({ task }) => {
      task('mixed', [shell({ script: sh`: >${at('made')}` }), ask({ script: sh`[ -e ${at('made')} ] && echo there` })], { parallel: 2 })
      const asked = (name: string, refuse?: string) =>
        ask({ script: sh`echo ${name} >>${at('asked')}; echo yes`, ...(refuse && { refuse }) })
      task('ask', [asked('1'), asked('2', 'no'), asked('3'), asked('4')], { parallel: 2 })
    })
    expect(run.outcomes('one')).toEqual(['mixed: changed', 'ask: failed'])
    expect((run.tasks[0]!.result as { items: unknown[] }).items[1]).toMatchObject({ answer: 'there\n' })
    expect(text('asked').split('\n').sort()).toEqual(['', '1', '2'])
  })

  test('check mode changes nothing and says of each what would happen', async () => {
    const fill = ({ task }: PlayTools<any>) => {
      task('list', [copy({ dest: at('a'), content: 'a\n' }), command({ argv: ['touch', at('b')] })], { parallel: 2 })
      task('asks', [ask({ script: sh`echo 1` }), ask({ script: sh`echo 2` })], { parallel: 2 })
    }
    const run = await runOf(fill, { check: true })
    expect(run.outcomes('one')).toEqual(['list: changed', 'asks: ok (assumed)'])
    expect([existsSync(at('a')), existsSync(at('b'))]).toEqual([false, false])
  })
})

describe('items that bear on each other', () => {
  // Each leaves a mark while it runs and fails where the other's is there.
  const lonely = (name: string) =>
    sh`[ -z "$(ls ${at('busy')})" ] || { echo 'not alone' >&2; exit 1; }; : >${at('busy')}/${name}; sleep 0.2; rm ${at('busy')}/${name}`
  const validated = (name: string, path: string, content = `${name}\n`) => copy({ dest: at(path), content, validate: () => lonely(name) })

  test.each([
    { what: 'one file', items: () => [validated('a', 'f'), validated('b', 'f')] },
    {
      what: 'a directory and a file below it',
      items: () => [file({ path: at('d'), state: 'directory' }), validated('b', 'd/f'), validated('c', 'd')],
      fails: true,
    },
    {
      what: 'what one creates',
      items: () => ['a', 'b'].map((name) => shell({ script: sh`${lonely(name)}; : >${at('made')}`, creates: at('made') })),
    },
    {
      what: 'a link and what it leads to',
      items: () => [file({ path: at('l'), state: 'link', src: at('x'), force: true }), validated('a', 'x')],
    },
    { what: 'a command and a file', items: () => [shell({ script: lonely('a') }), validated('b', 'f')] },
    {
      what: 'a source and its copy',
      items: () => [validated('a', 'f'), copy({ dest: at('g'), src: at('f'), remoteSrc: true, validate: () => lonely('b') })],
    },
  ])('do not run at the same time: $what', async ({ items, fails }) => {
    mkdirSync(at('busy'))
    const run = await runOf(({ task }) => {
      task('items', items() as never, { parallel: 4 })
    })
    expect(run.tasks[0]!.error?.detail ?? '').not.toContain('not alone')
    expect(run.outcomes('one')).toEqual([fails ? 'items: failed' : 'items: changed'])
  })

  test('but others do', async () => {
    const run = await runOf(({ task }) => {
      task(
        'files',
        ['a', 'b'].map((name) => copy({ dest: at(`file-${name}`), content: 'x\n', validate: () => meet(name, name === 'a' ? 'b' : 'a') })),
        { parallel: 2 },
      )
    })
    expect(run.outcomes('one')).toEqual(['files: changed'])
  })

  test('and small files share a shell as ever, also of a module that is not known', async () => {
    const items = (count: number) => Array.from({ length: count }, (_, index) => copy({ dest: at(`f${index}`), content: 'x\n' }))
    const run = await runOf(({ task }) => {
      task('files', items(40), { parallel: 8 })
      task('notes', [note({ path: at('n1'), text: 'a' }), note({ path: at('n2'), text: 'b' })], { parallel: 8 })
    })
    expect(run.outcomes('one')).toEqual(['files: changed', 'notes: changed'])
    expect(run.scripts('one')[1]!.length).toBeLessThan(10)
  })

  test('git repositories are asked and cloned at the same time', async () => {
    const repo = (name: string) => {
      const folder = at(`repo-${name}`)
      mkdirSync(folder)
      gitIn(folder, 'init', '-q')
      gitIn(folder, 'commit', '-q', '--allow-empty', '-m', name)
      return folder
    }
    const [a, b] = [repo('a'), repo('b')]
    const run = await runOf(({ task }) => {
      task('clone', [git({ repo: a, dest: at('a') }), git({ repo: b, dest: at('b') })], { parallel: 2 })
    })
    expect(run.outcomes('one')).toEqual(['clone: changed'])
    expect(run.exchanges('one')).toBe(2) // Both directories and remotes; both clones.
  })

  test('downloads, requests and archives run at the same time', async () => {
    const waiting: (() => void)[] = []
    const server = createServer((request, response) => {
      waiting.push(() => response.end(request.url))
      if (waiting.length < 2) return
      for (const answer of waiting.splice(0)) answer() // No one is answered before the other has asked.
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    mkdirSync(at('app'))
    for (const name of ['a', 'b']) spawnSync('tar', ['-cf', at(`${name}.tar`), '-C', root, at('app').slice(root.length + 1)])
    const names = ['a', 'b'] as const
    const run = await runOf(({ task }) => {
      task(
        'fetch',
        names.map((name) => getUrl({ url: `${url}/${name}`, dest: at(`got-${name}`) })),
        { parallel: 2 },
      )
      task(
        'ask',
        names.map((name) => uri({ url: `${url}/${name}`, returnContent: true })),
        { parallel: 2 },
      )
      task(
        'post',
        names.map((name) => uri({ url: `${url}/${name}`, method: 'POST', body: 'x', returnContent: true })),
        { parallel: 2 },
      )
      task(
        'folders',
        names.map((name) => file({ path: at(`in-${name}`), state: 'directory' })),
      )
      task(
        'unpack',
        names.map((name) => unarchive({ src: at(`${name}.tar`), dest: at(`in-${name}`), remoteSrc: true })),
        { parallel: 2 },
      )
    })
    server.close()
    expect(run.outcomes('one')).toEqual(['fetch: changed', 'ask: ok', 'post: changed', 'folders: changed', 'unpack: changed'])
    expect([text('got-a'), text('got-b')]).toEqual(['/a', '/b'])
  })

  test('a long input, a command that is waited for and one that is judged by nobody go by themselves', async () => {
    const run = await runOf(({ task }) => {
      const long = Buffer.alloc(2 * 1024 * 1024, 'x').toString()
      task(
        'long',
        [
          copy({ dest: at('a'), content: long }),
          copy({ dest: at('b'), content: 'b\n', validate: () => sh`true` }),
          copy({ dest: at('c'), content: long }),
        ],
        { parallel: 3 },
      )
      task(
        'waited for',
        ['d', 'e'].map((name) => shell({ script: sh`echo ${name}`, async: 20, poll: 1 })),
        { parallel: 2 },
      )
    })
    expect(run.outcomes('one')).toEqual(['long: changed', 'waited for: changed'])
    expect([text('a').length, text('b'), text('c').length]).toEqual([2 * 1024 * 1024, 'b\n', 2 * 1024 * 1024])
  })

  test('on another host, in a handler, and behind other tasks in one exchange', async () => {
    const run = await runOf(({ task, handler }) => {
      const pair = (a: string, b: string) => [shell({ script: meet(a, b) }), shell({ script: meet(b, a) })]
      const told = handler('told', pair('e', 'f'), { parallel: 2 })
      task('before', copy({ dest: at('before'), content: 'x\n' }))
      task('list', pair('a', 'b'), { parallel: 2, notify: told })
      task('behind', copy({ dest: at('behind'), content: 'x\n' }))
      task('delegated', pair('c', 'd'), { parallel: 2, delegateTo: ({ fleet }) => fleet.host('two') })
      task('on the controller', pair('g', 'h'), { parallel: 2, delegateTo: 'localhost' })
    })
    expect(run.outcomes('one')).toEqual([
      'before: changed',
      'list: changed',
      'behind: changed',
      'delegated: changed',
      'on the controller: changed',
      'told: changed',
    ])
    expect(
      run
        .scripts('one')
        .some(
          (scripts) =>
            scripts.filter((script) => / met/.test(script)).length === 2 && scripts.some((script) => script.includes(at('behind'))),
        ),
    ).toBe(true)
    expect(pending()).toBe(0)
  })

  test('what a task before them changed is looked at once, before all of them', async () => {
    const fill =
      (disturb: boolean) =>
      ({ task }: PlayTools<any>) => {
        task('command', shell({ script: disturb ? sh`: >${at('a')}` : sh`true` }))
        task(
          'list',
          ['a', 'b'].map((name) => shell({ script: sh`echo ${name} >>${at('log')}`, creates: at(name) })),
          { parallel: 2 },
        )
      }
    const run = await runOf(fill(true))
    expect(run.outcomes('one')).toEqual(['command: changed', 'list: changed'])
    expect(text('log')).toBe('b\n')
    const other = await runOf(fill(false))
    expect([other.outcomes('one'), text('log')]).toEqual([['command: changed', 'list: changed'], 'b\nb\n'])
  })
})

/** A script as a step of its own, which finds the session's folder behind itself. */
const step = defineAction({
  name: 'step',
  summary: 'A step',
  params: parameters({ script: instanceOf('Script', Script) }),
  steps: ({ script }) => [run(script)],
})

describe('where one of them fails', () => {
  // As the session's shell knows it.
  const untilFailed = sh`until [ -e "$OLDPWD/0fail" ]; do sleep 0.05; done`

  test('what runs goes to its end, none begins behind it, and all that is told', async () => {
    const run = await runOf(({ task, handler }) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      task(
        'list',
        [
          step({ script: sh`${untilFailed}; echo one >>${at('ran')}` }),
          shell({ script: sh`until [ -e ${at('third')} ]; do sleep 0.05; done; echo broken >&2; exit 3` }),
          step({ script: sh`: >${at('third')}; ${untilFailed}; echo three >>${at('ran')}` }),
          shell({ script: sh`: >${at('begun')}` }),
          shell({ script: sh`: >${at('begun')}` }),
        ],
        { parallel: 3, notify: told },
      )
    })
    expect(run.outcomes('one')).toEqual(['list: failed'])
    expect(text('ran').split('\n').sort()).toEqual(['', 'one', 'three'])
    expect(existsSync(at('begun'))).toBe(false)
    const { error, result } = run.tasks[0]!
    expect(error!.detail).toMatch(
      /exit code 3\nbroken\nit was item 2 of 5, others of which ran at the same time\nitem 3 went well\nitems 4, 5 were not begun$/,
    )
    expect(result).toMatchObject({ rc: 3, changed: true, failed: true })
    expect(pending()).toBe(1)
  })

  test('a rejected file leaves the handler owed that another item owes', async () => {
    const fill = ({ task, handler }: PlayTools<any>) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      task(
        'files',
        [
          copy({ dest: at('bad'), content: 'x\n', validate: () => sh`until [ -e ${at('good')} ]; do sleep 0.05; done; exit 1` }),
          copy({ dest: at('good'), content: 'x\n', validate: () => sh`true` }),
        ],
        { parallel: 2, notify: told },
      )
    }
    const run = await runOf(fill)
    expect(run.outcomes('one')).toEqual(['files: failed'])
    expect(run.tasks[0]!.error!.detail).toContain('item 2 went well')
    expect(pending()).toBe(1)
  })

  test('two that fail are both told, and ignoreErrors knows of the changes', async () => {
    const run = await runOf(({ task, handler }) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      const fails = (own: string, other: string, code: number) =>
        shell({ script: sh`${meet(own, other)}; echo ${own} broke >&2; exit ${code}` })
      task('list', [fails('a', 'b', 3), fails('b', 'a', 4)], { parallel: 2, ignoreErrors: true, notify: told })
    })
    expect(run.outcomes('one')).toEqual(['list: failed', 'told: changed'])
    expect(run.tasks[0]!.error!.detail).toMatch(
      /exit code 3\na broke[\s\S]*\nitem 2 failed too: A step of shell failed\n[\s\S]*exit code 4\nb broke/,
    )
  })

  test('retries are those of the item that failed, and go on with the rest', async () => {
    const run = await runOf(({ task }) => {
      task(
        'list',
        ['1', '2', '3', '4'].map((name) =>
          shell({ script: sh`echo ${name} >>${at('log')}; [ ${name} != 2 ] || [ "$(grep -c 2 ${at('log')})" = 3 ]` }),
        ),
        { parallel: 2, retries: 3, delay: 0 },
      )
    })
    expect(run.outcomes('one')).toEqual(['list: changed'])
    const { items } = run.tasks[0]!.result as { items: { attempts: number; rc: number }[] }
    expect(items.map(({ attempts }) => attempts)).toEqual([1, 3, 1, 1])
    expect(text('log').split('\n').sort().join('')).toBe('122234')
  })

  test('failedWhen, changedWhen, okCodes and until judge item by item, and no more have begun than run at once', async () => {
    const run = await runOf(({ task, handler }) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      const exits = (codes: readonly number[], log: string) =>
        codes.map((code) => shell({ script: sh`echo ${code} >>${at(log)}; exit ${code}` }))
      task('pardoned', exits([1, 2, 1], 'a'), { parallel: 2, failedWhen: ({ result }) => result.rc > 2 })
      task('unchanged', exits([0, 0], 'b'), { parallel: 2, changedWhen: () => false, notify: told })
      task('one changed', exits([0, 0], 'c'), { parallel: 2, changedWhen: ({ result }) => result.rc === 1 })
      task(
        'codes',
        [1, 2, 0].map((code) => shell({ script: sh`exit ${code}`, okCodes: [0, 1, 2] })),
        { parallel: 2 },
      )
      task('judged', exits([0, 0, 0, 0], 'd'), { parallel: 2, failedWhen: () => true })
    })
    expect(run.outcomes('one')).toEqual(['pardoned: changed', 'unchanged: ok', 'one changed: ok', 'codes: changed', 'judged: failed'])
    expect(text('d')).toBe('0\n0\n')
    expect(pending()).toBe(0)
  })

  test('until: items behind one that is tried again are not run again with it', async () => {
    for (const parallel of [1, 2]) {
      const log = at(`log${parallel}`)
      const run = await runOf(({ task }) => {
        task(
          'list',
          ['a', 'b', 'c'].map((name) => shell({ script: sh`echo ${name} >>${log}; grep -c ${name} ${log}` })),
          { parallel, until: ({ result }) => result.cmd.includes('echo a') === false || Number(result.stdout) >= 3, delay: 0 },
        )
      })
      expect(run.outcomes('one')).toEqual(['list: changed'])
      expect(text(`log${parallel}`).split('\n').sort().join('')).toBe('aaabc')
    }
  })
})

describe('what ends a task', () => {
  const lives = (pid: string) => existsSync(`/proc/${pid.trim()}`) && !/\) Z/.test(readFileSync(`/proc/${pid.trim()}/stat`, 'latin1'))
  const hang = (name: string) => shell({ script: sh`echo $$ >${at(name)}; sleep 60` })

  test('its timeout is that of each item: those that hang are ended, the others have gone well', async () => {
    const run = await runOf(({ task }) => {
      task('list', [shell({ script: sh`until [ -s ${at('c')} ]; do sleep 0.05; done; echo well` }), hang('b'), hang('c'), hang('d')], {
        parallel: 3,
        timeout: 3,
      })
    })
    expect(run.outcomes('one')).toEqual(['list: failed'])
    const { error } = run.tasks[0]!
    expect(error!.summary).toBe('The task took longer than its timeout of 3 s')
    expect(error!.detail).toMatch(/it was item 2 of 4[\s\S]*item 3 failed too: The task took longer[\s\S]*item 4 was not begun/)
    expect([lives(text('b')), lives(text('c')), existsSync(at('d'))]).toEqual([false, false, false])
  })

  test('whoever ends the run ends all of them', async () => {
    const steering = openSteering()
    const running = runOf(
      ({ task }) => {
        task('list', [hang('a'), hang('b'), hang('c')], { parallel: 2 })
        task('next', note({ path: at('next'), text: 'x' }))
      },
      { steering },
    )
    for (const name of ['a', 'b']) await expect.poll(() => existsSync(at(name)) && text(name) !== '', { timeout: 10_000 }).toBe(true)
    steering.end('interrupted', 130)
    const run = await running
    expect(run.outcomes('one')).toEqual(['list: failed'])
    expect(run.tasks[0]!.error!.summary).toBe('The task was ended: interrupted')
    expect([lives(text('a')), lives(text('b')), existsSync(at('c')), existsSync(at('next'))]).toEqual([false, false, false, false])
  })
})

test.each([0, 1.5, -1, 65])('parallel must be a whole number: %s', (parallel) => {
  expect(() =>
    definePlaybook('p', inventory, (play) => play('p', { hosts: 'one' }, ({ task }) => void task('t', [], { parallel }))),
  ).toThrow(/parallel must be a whole number from 1 to 64/)
})

// One list, as data: so that one that fails is printed in a form that can be read and typed in.
type Item =
  | { readonly item: 'copy' | 'line' | 'append'; readonly path: string; readonly text: string }
  | { readonly item: 'directory' | 'absent' | 'creates'; readonly path: string }
  | { readonly item: 'link' | 'copyThere'; readonly path: string; readonly to: string }

const path = fc.constantFrom('d', 'd/a', 'd/b', 'd/e', 'd/e/f', 'x', 'y', 'l')
const word = fc.constantFrom('one', 'two', 'three')
const anyItem: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ item: fc.constantFrom('copy', 'line', 'append'), path, text: word }),
  fc.record({ item: fc.constantFrom('directory', 'absent', 'creates'), path }),
  fc.record({ item: fc.constantFrom('link', 'copyThere'), path, to: path }),
)

function callOf(host: string, given: Item): Call {
  const dest = join(host, given.path)
  switch (given.item) {
    case 'copy':
      return copy({ dest, content: `${given.text}\n`, validate: (made) => sh`cat ${made}` })
    case 'line':
      return lineinfile({ path: dest, line: given.text, create: true, validate: (made) => sh`cat ${made}` })
    case 'append': // Beside itself it would lose lines; the list says by `creates` where it writes.
      return shell({ script: sh`echo ${given.text} >${dest}`, creates: dest })
    case 'directory':
      return file({ path: dest, state: 'directory' })
    case 'absent':
      return file({ path: dest, state: 'absent' })
    case 'creates':
      return command({ argv: ['mkdir', dest], creates: dest })
    case 'link':
      return file({ path: dest, state: 'link', src: join(host, given.to), force: true })
    case 'copyThere':
      return copy({ dest, src: join(host, given.to), remoteSrc: true })
  }
}

test('random lists leave what they leave one after another, and are told the same', async () => {
  const host = join(root, 'random')
  const once = async (items: readonly Item[], parallel: number) => {
    rmSync(host, { recursive: true, force: true })
    mkdirSync(host)
    const done = await runOf(({ task }) => void task('list', items.map((one) => callOf(host, one)) as never, { parallel }), {
      home: join(root, 'home-random'),
    })
    const [event] = done.tasks
    const { error, ...told } = withoutTimes(event!)
    const tree = spawnSync('sh', ['-c', 'find . -type f -exec sh -c \'echo "$1"; cat "$1"\' x {} \\; -o -printf "%p %y %l %m\\n" | sort'], {
      cwd: host,
      encoding: 'utf8',
    })
    return { failed: event!.outcome === 'failed', told, error: error?.summary, tree: tree.stdout }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(anyItem, { minLength: 2, maxLength: 7 }), fc.integer({ min: 2, max: 4 }), async (items, parallel) => {
      const inTurn = await once(items, 1)
      const beside = await once(items, parallel)
      expect([beside.failed, beside.error]).toEqual([inTurn.failed, inTurn.error])
      // Where one fails those that had begun have gone to their end.
      if (!inTurn.failed) expect(beside).toEqual(inTurn)
    }),
    {
      ...chance(60),
      examples: [
        [
          [
            { item: 'link', path: 'l', to: 'x' },
            { item: 'link', path: 'x', to: 'd' },
          ],
          2,
        ],
        [
          [
            { item: 'directory', path: 'd/e/f' },
            { item: 'copy', path: 'd/b', text: 'one' },
          ],
          3,
        ],
      ],
    },
  )
}, 180_000)
