import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach } from 'vitest'

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

/** A folder for each test of a file, gone when the test is over. */
export function folderEach(): { readonly path: string; readonly at: (name: string) => string } {
  let path = ''
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'rollcall-test-'))
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))
  return {
    get path() {
      return path
    },
    at: (name) => join(path, name),
  }
}
