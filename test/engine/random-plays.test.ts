import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PlayTools } from '../../src/dsl/play-tools.ts'
import {
  blockinfile,
  command,
  copy,
  defineInventory,
  definePlaybook,
  file,
  lineinfile,
  local,
  replace,
  sh,
  shell,
  stat,
} from '../../src/index.ts'
import type { TaskEvent } from '../../src/model/event.ts'
import { type LocalRunOptions, runLocally, temporaryFolder, withoutTimes } from '../helpers/engine.ts'

const root = temporaryFolder()
const host = join(root, 'host')
const source = join(root, 'source')
mkdirSync(join(source, 'e'), { recursive: true })
writeFileSync(join(source, 'a'), 'from the controller\n')
writeFileSync(join(source, 'e/f'), 'deep\n')

/** One task, as data: so a play that fails is printed in a form that can be read and typed in. */
type Act =
  | { readonly act: 'directory' | 'absent' | 'recurse' | 'attributes'; readonly path: string; readonly mode: string }
  | { readonly act: 'link'; readonly path: string; readonly to: string; readonly force: boolean }
  | { readonly act: 'copy'; readonly path: string; readonly text: string; readonly mode: string | undefined }
  | { readonly act: 'tree' | 'treeThere' | 'copyThere'; readonly path: string; readonly from: string; readonly force: boolean }
  | { readonly act: 'line' | 'block' | 'replace'; readonly path: string; readonly text: string; readonly create: boolean }
  | { readonly act: 'creates' | 'harmless' | 'whenThere' | 'twice'; readonly path: string; readonly text: string }

const paths = ['d', 'd/a', 'd/e', 'd/e/f', 'l', 'l/a', 't', 't/a', 't/e/f', 'x'] as const
const path = fc.constantFrom(...paths)
const mode = fc.constantFrom('0755', '0700', '0640')
const text = fc.constantFrom('one\n', 'two\n', 'one\ntwo\n', '')
const word = fc.constantFrom('one', 'two', 'three')

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constantFrom('directory', 'absent', 'recurse', 'attributes'), path, mode }),
  fc.record({ act: fc.constant('link'), path, to: path, force: fc.boolean() }),
  fc.record({ act: fc.constant('copy'), path, text, mode: fc.option(mode, { nil: undefined }) }),
  fc.record({ act: fc.constantFrom('tree', 'treeThere', 'copyThere'), path, from: path, force: fc.boolean() }),
  fc.record({ act: fc.constantFrom('line', 'block', 'replace'), path, text: word, create: fc.boolean() }),
  fc.record({ act: fc.constantFrom('creates', 'harmless', 'whenThere', 'twice'), path, text: word }),
)

function addTask({ task }: PlayTools<any>, index: number, act: Act, ignoreErrors = true): void {
  const at = (name: string) => join(host, name)
  const name = `${index} ${JSON.stringify(act)}`
  const options = { ignoreErrors }
  const dest = at(act.path)
  switch (act.act) {
    case 'directory':
      return void task(name, file({ path: dest, state: 'directory', mode: act.mode }), options)
    case 'absent':
      return void task(name, file({ path: dest, state: 'absent' }), options)
    case 'recurse':
      return void task(name, file({ path: dest, state: 'directory', recurse: true, mode: act.mode }), options)
    case 'attributes':
      return void task(name, file({ path: dest, mode: act.mode }), options)
    case 'link':
      return void task(name, file({ path: dest, state: 'link', src: at(act.to), force: act.force }), options)
    case 'copy':
      return void task(name, copy({ dest, content: act.text, ...(act.mode && { mode: act.mode }) }), options)
    case 'tree':
      return void task(name, copy({ dest, src: `${source}/` }), options)
    case 'treeThere':
      return void task(name, copy({ dest, src: `${at(act.from)}/`, remoteSrc: true, force: act.force }), options)
    case 'copyThere':
      return void task(name, copy({ dest, src: at(act.from), remoteSrc: true, force: act.force }), options)
    case 'line':
      return void task(name, lineinfile({ path: dest, line: act.text, create: act.create }), options)
    case 'block':
      return void task(name, blockinfile({ path: dest, block: act.text, create: act.create }), options)
    case 'replace':
      return void task(name, replace({ path: dest, regexp: 'one', replace: act.text }), options)
    case 'creates':
      return void task(name, shell({ script: sh`[ -d ${dirname(dest)} ] && echo ${act.text} >${dest} || :`, creates: dest }), options)
    case 'harmless':
      return void task(name, command({ argv: ['true'] }), { ...options, changedWhen: () => false })
    case 'twice':
      return void task(name, () => ['a', 'b'].map((end) => copy({ dest: `${dest}-${end}`, content: act.text })), options)
    case 'whenThere': {
      const looked = task(`${name} looks`, stat({ path: dest }), options)
      return void task(name, copy({ dest: `${dest}-seen`, content: act.text }), {
        ...options,
        when: ({ result }) => !result(looked).failed && result(looked).stat.exists,
      })
    }
  }
}

/** What is on the host before the play: as little as matters, made without Rollcall. */
type Thing =
  | { readonly thing: 'directory'; readonly path: string }
  | { readonly thing: 'file'; readonly path: string; readonly text: string }
  | { readonly thing: 'link'; readonly path: string; readonly to: string }
const thing: fc.Arbitrary<Thing> = fc.oneof(
  fc.record({ thing: fc.constant('directory'), path }),
  fc.record({ thing: fc.constant('file'), path, text }),
  fc.record({ thing: fc.constant('link'), path: fc.constantFrom('l', 't'), to: path }),
)

function make(things: readonly Thing[]): void {
  rmSync(host, { recursive: true, force: true })
  mkdirSync(host)
  for (const of of things)
    try {
      const at = join(host, of.path)
      mkdirSync(dirname(at), { recursive: true })
      if (of.thing === 'directory') mkdirSync(at, { recursive: true })
      else if (of.thing === 'file') writeFileSync(at, of.text)
      else symlinkSync(join(host, of.to), at)
    } catch {
      // Something else is there already.
    }
}

/** Every path with type, mode, target and hash. */
function look(): string {
  const { stdout } = spawnSync('sh', ['-c', `find . -printf '%P %y %m %l\\n' | sort; find . -type f -exec sha256sum {} + | sort`], {
    cwd: host,
    encoding: 'utf8',
  })
  return stdout
}

const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
const run = async (acts: readonly Act[], options: Omit<LocalRunOptions, 'home'> = {}) => {
  const fill = (tools: PlayTools<any>) => {
    for (const [index, act] of acts.entries()) addTask(tools, index, act)
  }
  const { tasks } = await runLocally(
    definePlaybook('random', inventory, (play) => play('random', { hosts: 'one' }, fill as never)),
    { home: root, ...options },
  )
  return tasks
}

/** A shell's error names the file that the step came in, whose number says how many went with it. */
const comparable = (tasks: readonly TaskEvent[]) => JSON.stringify(tasks.map(withoutTimes), null, 1).replace(/\.\/\d+\.sh/g, './n.sh')

const said = ({ task, outcome, error }: TaskEvent) => ({ task, outcome, ...(error && { error: error.summary }) })

// Always the same plays, unless one looks for others: RANDOM_RUNS=200 RANDOM_SEED=$RANDOM npx vitest run …
const runs = Number(process.env.RANDOM_RUNS ?? 8)
const bounded = { numRuns: runs, seed: Number(process.env.RANDOM_SEED ?? 1), ...(runs > 8 && { interruptAfterTimeLimit: 540_000 }) }

test('what check mode is certain of is what the run then does, however far it reads ahead', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(thing, { maxLength: 6 }), fc.array(anyAct, { minLength: 1, maxLength: 8 }), async (things, acts) => {
      make(things)
      const before = look()
      const foreseen = await run(acts, { check: true })
      expect(look(), 'check mode wrote').toBe(before)
      const done = await run(acts)
      const after = look()
      const certain = new Set(foreseen.filter((task) => task.confidence === 'certain').map(({ task }) => task))
      const sure = (tasks: readonly TaskEvent[]) => tasks.filter(({ task }) => certain.has(task)).map(said)
      // What only trying tells (a directory that is missing, a copy into itself) makes a host another than was foreseen.
      const cut = done.findIndex(({ error }) => /^A step of|planned one state/.test(error?.summary ?? ''))
      const till = (tasks: readonly TaskEvent[]) => (cut === -1 ? tasks : tasks.slice(0, cut))
      expect(sure(till(foreseen)), 'check mode').toEqual(sure(till(done)))
      make(things)
      const slow = await run(acts, { oneByOne: true })
      expect(look(), 'tree').toBe(after)
      expect(comparable(slow)).toEqual(comparable(done))
    }),
    bounded,
  )
})

/** A block as data: which acts stand in which part of it, and whether its body fails at its end in any case. */
const anyBlock = fc.record({
  body: fc.array(anyAct, { maxLength: 4 }),
  fails: fc.boolean(),
  rescue: fc.option(fc.array(anyAct, { maxLength: 2 }), { nil: undefined }),
  always: fc.option(fc.array(anyAct, { maxLength: 2 }), { nil: undefined }),
  behind: fc.array(anyAct, { maxLength: 2 }),
})

test('blocks go the same way, whatever goes along with what', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(thing, { maxLength: 6 }), fc.array(anyBlock, { minLength: 1, maxLength: 2 }), async (things, blocks) => {
      const play = (tools: PlayTools<any>) => {
        let index = 0
        const add = (acts: readonly Act[], ignoreErrors: boolean) => {
          for (const act of acts) addTask(tools, index++, act, ignoreErrors)
        }
        for (const [number, { body, fails, rescue, always, behind }] of blocks.entries()) {
          const fill = () => {
            add(body, false)
            if (fails) tools.task(`fails ${number}`, command({ argv: ['false'] }))
          }
          tools.block(`block ${number}`, fill, {
            ...(rescue && { rescue: () => add(rescue, true) }),
            ...(always && { always: () => add(always, true) }),
          })
          add(behind, true)
        }
      }
      const playbook = definePlaybook('random', inventory, (define) => define('random', { hosts: 'one' }, play as never))
      const go = async (options: Partial<LocalRunOptions>) => {
        make(things)
        const { tasks } = await runLocally(playbook, { home: root, ...options })
        return { tasks: comparable(tasks), tree: look() }
      }
      const slow = await go({ oneByOne: true })
      // What leaves another state than it planned is found out when more has run; its error says what.
      fc.pre(!slow.tasks.includes('planned one state'))
      expect(await go({})).toEqual(slow)
    }),
    bounded,
  )
})

/** Tasks that do not undo each other, in an order that works. */
const orderly: fc.Arbitrary<readonly Act[]> = fc
  .tuple(
    fc.record({ act: fc.constant('directory'), path: fc.constant('d'), mode: fc.constantFrom('0755', '0700') }),
    fc.subarray<Act>([
      { act: 'tree', path: 't', from: '', force: true },
      { act: 'copy', path: 'd/a', text: 'one\ntwo\n', mode: '0640' },
      { act: 'line', path: 'd/b', text: 'one', create: true },
      { act: 'block', path: 'd/b', text: 'two', create: true },
      { act: 'link', path: 'l', to: 'd', force: true },
      { act: 'copyThere', path: 'copied', from: 'd/a', force: true },
      { act: 'recurse', path: 'd/r', mode: '0700' },
      { act: 'absent', path: 'x', mode: '' },
      { act: 'creates', path: 'd/made', text: 'one' },
      { act: 'harmless', path: 'd', text: '' },
      { act: 'treeThere', path: 'u', from: 'd', force: true },
    ]),
  )
  .map(([first, rest]) => [first as Act, ...rest])

test('a second run changes nothing', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ thing: fc.constant('file'), path: fc.constantFrom('x', 't/a', 'd/a'), text }), { maxLength: 3 }),
      orderly,
      async (things, acts) => {
        make(things as readonly Thing[])
        await run(acts)
        const after = look()
        const again = await run(acts)
        expect(again.filter(({ outcome }) => outcome === 'changed').map(said)).toEqual([])
        expect(look()).toBe(after)
      },
    ),
    bounded,
  )
})
