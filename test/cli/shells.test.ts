import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { completionScripts } from '../../src/cli/completion-scripts.ts'
import { program } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { emptyPlaybook, tempProject, twoHosts } from '../helpers/project.ts'
import { rollcall } from './harness.ts'

/** A project, and beside it a folder for PATH whose `rollcall` completes for real and else tells what it was given. */
async function setUp() {
  const { root } = tempProject({
    'inventory/lab.ts': twoHosts(),
    'inventory/production.ts': twoHosts('gamma', 'delta'),
    'playbooks/prepare.ts': emptyPlaybook(),
  })
  const folder = testFolder()
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const wrapper = join(bin, 'rollcall')
  writeFileSync(
    wrapper,
    `#!/bin/sh
case $1 in --complete) exec '${process.execPath}' '${await program()}' "$@" ;; esac
printf 'GOT'; printf ' [%s]' "$@"; printf '\\n'
`,
  )
  chmodSync(wrapper, 0o755)
  for (const [shell, script] of Object.entries(completionScripts)) writeFileSync(join(folder, shell), script)
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, TERM: 'dumb', XDG_CACHE_HOME: join(folder, 'cache'), LANG: 'C.UTF-8' }
  return { root, folder, env }
}

/** What a terminal of this shell shows while the keys are typed into it. */
async function type(shell: 'bash' | 'zsh', keys: string): Promise<string> {
  const { root, folder, env } = await setUp()
  const start = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i' }[shell]
  const child = spawn('script', ['-q', '-e', '-c', start, '/dev/null'], { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let shown = ''
  child.stdout.on('data', (data: Buffer) => {
    shown += data.toString('utf8')
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const seen = async (text: string) => {
    while (!shown.includes(text) && child.exitCode === null && !child.killed) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // A shell that is still starting would take what is typed for a line, and not for keys.
  child.stdin.write(`source ${join(folder, shell)}; echo re""ady\r`)
  await seen('ready\r')
  child.stdin.write(keys)
  await seen('\nGOT')
  await seen(']')
  child.stdin.write('\r\rexit\r')
  child.stdin.end()
  await ended
  return /\nGOT(.*?)\r?\n/.exec(shown)?.[1]?.trim() ?? shown
}

const lines: readonly (readonly [typed: string, given: string])[] = [
  ['rollcall expl\tpre\t', '[explain] [prepare]'],
  ['rollcall run prepare --lim\twe\t', '[run] [prepare] [--limit] [web]'],
  ['rollcall inventory gr\t--for\tmer\t', '[inventory] [graph] [--format] [mermaid]'],
  ['rollcall run prepare -l alpha:be\t', '[run] [prepare] [-l] [alpha:beta]'],
  ['rollcall run prepare --limit=we\t', '[run] [prepare] [--limit=web]'],
  ['rollcall run prepare -i prod\t-l gam\t', '[run] [prepare] [-i] [production] [-l] [gamma]'],
  ["rollcall run prepare -l 'web:!alp\t", '[run] [prepare] [-l] [web:!alpha]'],
  ['rollcall doc templ\t', '[doc] [template]'],
  ['rollcall explain var al\tdom\t', '[explain] [var] [alpha] [domain]'],
]

describe.each(['bash', 'zsh'] as const)('in %s the tab key completes', (shell) => {
  test.each(lines)('%j', async (typed, given) => {
    expect(await type(shell, `${typed}\r`)).toBe(given)
  })
})

/** What fish itself says that a line may become, without what it says of each. */
async function fishCompletes(line: string): Promise<readonly string[]> {
  const { root, folder, env } = await setUp()
  const script = 'source $argv[1]; complete --do-complete $argv[2]'
  const said = execFileSync('fish', ['--no-config', '-c', script, join(folder, 'fish'), line], { cwd: root, env, encoding: 'utf8' })
  return said.split('\n').flatMap((each) => each.split('\t')[0] || [])
}

describe('in fish', () => {
  test.for<readonly [string, readonly string[]]>([
    ['rollcall expl', ['explain']],
    ['rollcall run ', ['prepare']],
    ['rollcall run prepare --lim', ['--limit']],
    ['rollcall run prepare --limit ', ['all', 'alpha', 'beta', 'web']],
    ['rollcall run prepare -i production -l web:', ['web:all', 'web:delta', 'web:gamma']],
    ['rollcall run prepare --limit=al', ['--limit=all', '--limit=alpha']],
    ['rollcall inventory graph --format m', ['mermaid']],
    ['rollcall doc templ', ['template']],
    ['rollcall explain var alpha ', ['domain', 'port']],
    ['rollcall nonsense ', []],
  ])('%s', async ([line, values]) => expect((await fishCompletes(line)).toSorted()).toEqual(values))
})

test.each([
  ['/usr/bin/fish', 'fish'],
  ['/bin/zsh', 'zsh'],
  ['/bin/ksh', 'bash'],
  [undefined, 'bash'],
] as const)('where SHELL is %s the script is that of %s', async (path, shell) => {
  expect(await rollcall('completion', { env: path === undefined ? {} : { SHELL: path } })).toMatchObject({
    code: 0,
    out: completionScripts[shell],
    err: '',
  })
})
