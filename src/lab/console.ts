import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stateFolder } from './paths.ts'
import type { LabId, ProcessId } from './types.ts'

/** The last lines that a host's PID 1 wrote. They lie on the lab's private tmpfs, which is seen through its PID 1. */
export async function consoleTail(lab: LabId, init: ProcessId, host: string): Promise<string> {
  const file = `/proc/${init.pid}/root${join(stateFolder(lab), 'run', host, 'console')}`
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-15).join('\n')
}
