import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applySymbolic } from '../../src/util/symbolic-mode.ts'

/** The same as the system's chmod makes of it. */
test.each(
  [
    'u+x',
    '+x',
    '+w',
    'a-w',
    'go=',
    'u=rwX,go=rX',
    'g=u',
    'o=g,u-s',
    'u+s',
    'g+s',
    'a+t',
    '-t',
    'u=rw,g+w-x',
    '=r',
    'o+X',
    'ug=rws',
    'g-s',
  ].flatMap((mode) => [0o644, 0o755, 0o4711, 0o2770, 0o1777, 0o600, 0o6777].map((before) => [mode, before.toString(8)] as const)),
)('%s of %s', (mode, before) => {
  const folder = mkdtempSync(join(tmpdir(), 'mode-'))
  try {
    writeFileSync(`${folder}/file`, '')
    mkdirSync(`${folder}/directory`)
    for (const name of ['file', 'directory']) {
      const path = `${folder}/${name}`
      chmodSync(path, Number.parseInt(before, 8))
      execFileSync('sh', ['-c', 'umask 022; chmod -- "$1" "$2"', 'sh', mode, path])
      const real = (statSync(path).mode & 0o7777).toString(8).padStart(4, '0')
      expect([name, applySymbolic(mode, before.padStart(4, '0'), name === 'directory')]).toEqual([name, real])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
