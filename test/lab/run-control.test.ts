import { describe, expect, it } from 'vitest'
import { eventsOf, outcomes, recapOf, scratchFile, taskOf } from '../helpers/cli.ts'
import { useJobLab } from './job-setup.ts'
import { inside, panda, viper } from './lab-setup.ts'

const { lab, run, cli } = useJobLab('control')

const playbook = (name: string, options: string, body: string) =>
  scratchFile(
    `${name}.ts`,
    `import { inventory } from '#inventory'
import { assert, command, copy, debug, definePlaybook, fail, meta, query, setFact, sh, shell, topic } from 'rollcall'
void [assert, command, copy, debug, fail, meta, query, setFact, sh, shell, topic]
export default definePlaybook('${name}', inventory, (play) => {
  play('${name}', { hosts: 'cluster', become: true, ${options} }, ({ task, handler, block }) => {
    void [task, handler, block]
    ${body}
  })
})
`,
  )
const both = [viper.name, panda.name] as const
const pending = (host: typeof viper) => inside(lab, host, 'ls -A /var/lib/rollcall/pending 2>/dev/null | wc -l')

describe('batches', () => {
  it('the second host is not touched before the first is through, handlers included', async () => {
    const done = await run(
      playbook(
        'rolling',
        'serial: 1',
        `const told = handler('told', shell({ script: sh\`date +%s%N >/run/rolling-told\` }))
    task('change', shell({ script: sh\`date +%s%N >/run/rolling\` }), { notify: told })`,
      ),
    )
    expect(done.code).toBe(0)
    expect(eventsOf(done, 'task').map(({ host, task }) => `${host} ${task}`)).toEqual(
      both.flatMap((host) => [`${host} change`, `${host} told`]),
    )
    const [told, change] = await Promise.all([inside(lab, viper, 'cat /run/rolling-told'), inside(lab, panda, 'cat /run/rolling')])
    expect(BigInt(told)).toBeLessThan(BigInt(change))
  })
  it('too many failures end the run before the next batch, and the exit code says so', async () => {
    const done = await run(
      playbook(
        'stops',
        'serial: 1, maxFailPercentage: 50',
        `task('bad', fail({ msg: 'no' }))\n    task('never', shell({ script: sh\`touch /run/never\` }))`,
      ),
    )
    expect(done.code).toBe(2)
    expect(outcomes(done, panda.name)).toEqual([])
    expect(await inside(lab, panda, 'ls /run/never 2>/dev/null || echo none')).toBe('none')
  })
})

describe('blocks', () => {
  const body = `
    block('upgrade', () => {
      task('stop', shell({ script: sh\`echo stopped >/run/upgrade\` }))
      task('install', command({ argv: ['sh', '-c', 'test "$(hostname)" = crystal-panda || { echo no such version >&2; exit 3; }'] }))
    }, {
      rescue: ({ task }) => task('old version', ({ failure }) => copy({ dest: '/run/upgrade', content: \`\${failure.task} \${failure.result.rc}\\n\` })),
      always: ({ task }) => task('mark', ({ failure }) => copy({ dest: '/run/upgrade-mark', content: failure ? 'rolled back\\n' : 'upgraded\\n' })),
    })
    task('behind', command({ argv: ['true'] }))`
  it('where the body fails it is put right, and the host has not failed', async () => {
    const done = await run(playbook('upgrade', '', body))
    expect([done.code, recapOf(done)]).toEqual([
      0,
      { [viper.name]: 'changed 4, failed 0, unreachable 0', [panda.name]: 'changed 4, failed 0, unreachable 0' },
    ])
    expect(await inside(lab, viper, 'cat /run/upgrade /run/upgrade-mark')).toBe('install 3\nrolled back')
    expect(await inside(lab, panda, 'cat /run/upgrade /run/upgrade-mark')).toBe('stopped\nupgraded')
    expect(eventsOf(done, 'recap')[0]!.hosts[viper.name]).toMatchObject({ rescued: 1, failed: 0 })
  })
  it('a host whose link is lost is connected to once more, and tidied up', async () => {
    const done = await run(
      playbook(
        'lost',
        '',
        `block('cut off', () => task('cut', shell({ script: sh\`pkill -9 -u admin sshd; sleep 5\` }), { when: ({ host }) => host.name === 'honor-viper' }), {
      always: ({ task }) => task('tidy up', ({ failure }) => copy({ dest: '/run/tidied', content: String(failure?.unreachable) })),
    })`,
      ),
    )
    expect(done.code).toBe(4)
    expect(outcomes(done, viper.name)).toEqual(['cut: unreachable', 'tidy up: changed'])
    expect(await inside(lab, viper, 'cat /run/tidied')).toBe('true')
    await inside(lab, viper, 'while pgrep -f "[s]leep 5" >/dev/null; do sleep 0.2; done; sleep 0.5') // Until then that run holds the host.
  })
})

it('a task is tried again until it does well', async () => {
  const done = await run(
    playbook(
      'again',
      '',
      `task('third', shell({ script: sh\`echo x >>/run/again; test "$(wc -l </run/again)" -ge 3\` }), { retries: 5, delay: 0 })`,
    ),
    '--limit',
    viper.name,
  )
  expect(done.code).toBe(0)
  expect(taskOf(done, viper.name, 'third')).toMatchObject({ outcome: 'changed', result: { attempts: 3 } })
})

describe('delegation', () => {
  it('acts on a host outside of the limit, says so first, and leaves nothing owed anywhere', async () => {
    const path = playbook(
      'drain',
      '',
      `const told = handler('told', shell({ script: sh\`hostname >/run/drain-told\` }))
    task('drain', ({ host }) => shell({ script: sh\`echo \${host.name} on "$(hostname)" >/run/drained\` }), { delegateTo: ({ fleet }) => fleet.host('crystal-panda'), notify: told })`,
    )
    const done = await run(path, '--limit', viper.name)
    expect(done.code).toBe(0)
    expect(await inside(lab, panda, 'cat /run/drained')).toBe('honor-viper on crystal-panda')
    expect(await inside(lab, viper, 'cat /run/drain-told')).toBe('honor-viper')
    expect([await pending(viper), await pending(panda)]).toEqual(['0', '0'])
    expect((await cli(['run', path, '--limit', viper.name])).stdout).toMatch(/targets 1 \(honor-viper\) · delegates 1 \(crystal-panda\)/)
  })
  it('check mode changes nothing there', async () => {
    const done = await run(
      playbook(
        'drain-check',
        '',
        `task('drain', copy({ dest: '/run/drain-check', content: 'x' }), { delegateTo: ({ fleet }) => fleet.host('crystal-panda') })`,
      ),
      '--limit',
      viper.name,
      '--check',
    )
    expect(outcomes(done, viper.name)).toEqual(['drain: changed'])
    expect(await inside(lab, panda, 'ls /run/drain-check 2>/dev/null || echo none')).toBe('none')
  })
})

it('runOnce, topics, meta and setFact', async () => {
  const done = await run(
    playbook(
      'rest',
      '',
      `const changed = topic('changed')
    handler('first', command({ argv: ['true'] }), { listen: changed })
    handler('second', command({ argv: ['true'] }), { listen: changed })
    const once = task('once', shell({ script: sh\`hostname\` }), { runOnce: true })
    const who = task('who', ({ result }) => setFact({ name: result(once).stdout }))
    task('see', ({ result }) => assert({ that: result(who).name === 'honor-viper' }))
    task('change', command({ argv: ['true'] }), { notify: changed })
    task('end', meta({ action: 'endHost' }), { when: ({ host }) => host.name === 'crystal-panda' })
    task('behind', command({ argv: ['true'] }))`,
    ),
  )
  expect(done.code).toBe(0)
  expect(outcomes(done, panda.name)).toEqual(['who: ok', 'see: ok', 'change: changed', 'end: ok', 'first: changed', 'second: changed'])
  expect(outcomes(done, viper.name).slice(-3)).toEqual(['behind: changed', 'first: changed', 'second: changed'])
})
