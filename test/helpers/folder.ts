import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const folders: string[] = []

// At import, since a hook cannot be added from inside a hook, and a worker may be ended without its exit event.
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A new folder that is removed after the tests of this file. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'transport-test-'))
  folders.push(folder)
  return folder
}
