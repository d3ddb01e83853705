import { describe, expect, test } from 'vitest'
import { probe } from '../../src/resources/probe.ts'
import { hostileValues, localHosts } from '../../src/testing/index.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { readAll } from './read.ts'

describe.each(localHosts())('probes on $name', (host) => {
  const good = sh`echo fine`
  test.each<[string, Script, object]>([
    ['output of both kinds', sh`echo out; echo err >&2; exit 3`, { rc: 3, stdout: 'out\n', stderr: 'err\n' }],
    ['no output', sh`false`, { rc: 1, stdout: '', stderr: '' }],
    ['no newline at the end', sh`printf x`, { rc: 0, stdout: 'x' }],
    ['a syntax error', sh`if (`, { stdout: '' }],
    ['an unknown command', sh`no-such-command`, { rc: 127 }],
    ['a reader of standard input', sh`cat; echo end`, { rc: 0, stdout: 'end\n' }],
    ['a shell ruined', sh`set -eu; cd /tmp; PATH=; trap 'echo trapped' EXIT; exec 1>&2; umask 0; exit 4`, { rc: 4 }],
    ['output like a frame', sh`printf '0\0005\0hello'`, { rc: 0, stdout: '0\x005\0hello' }],
    ['a writer in the background', sh`(sleep 1; echo late) & echo now`, { rc: 0, stdout: 'now\n' }],
    ['much output', sh`yes | head -c 300000`, { stdout: 'y\n'.repeat(150_000) }],
  ])('%s disturbs no other', async (_, script, state) => {
    const states = await readAll(host, [good, script, sh`echo fine again`].map(probe))
    expect(states[0]).toEqual({ rc: 0, stdout: 'fine\n', stderr: '' })
    expect(states[1]).toMatchObject(state)
    expect(states[2]).toEqual({ rc: 0, stdout: 'fine again\n', stderr: '' })
  })

  test('hostile values', async () => {
    const states = await readAll(
      host,
      hostileValues.map((value) => probe(sh`printf %s ${value}`)),
    )
    expect(states.map(({ stdout }) => stdout)).toEqual(hostileValues)
  })
})
