import { test, expect } from 'vitest'
import { shells } from '../helpers/shells.ts'
import { openSession } from '../../src/transport/session.ts'
import { sh, Script } from '../../src/util/sh.ts'
for (const s of shells) test(s.name, async () => {
  const c = s.connect()
  const x = await openSession(c, { host: 'h', user: 'u' })
  const r = await x.exchange([{script: sh`echo hi; pwd; ls -l /proc/self/fd; echo e >&2; exit 3`}, {script: sh`true`}, {script: sh`od -c; ls -la /proc/$$/cwd; readlink /proc/$$/exe; umask`, stdin: Buffer.from('a\0b\n\xff')}, {script: new Script('if then')}, {script: sh`exit 1`, step: true}, {script: sh`exit 1`, step: true}])
  console.log(s.name, r.map(q => ({...q, stdout: Buffer.from(q.stdout).toString(), stderr: Buffer.from(q.stderr).toString()})), x.stats)
  await x.close()
  await expect(x.exchange([{script: sh`true`}])).rejects.toThrow('closed')
})
