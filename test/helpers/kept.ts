import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from '../../src/transport/connection.ts'
import { connectKept } from '../../src/transport/kept.ts'
import { endKept, type KeptConnection, listKept } from '../../src/transport/kept-records.ts'
import { explicitLogin } from '../../src/transport/kept-target.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testFolder } from './folder.ts'

/** Kept connections in a folder of a test's own. */
export interface TestKept {
  readonly folder: string
  connect(target: SshTarget, options?: { readonly persistSeconds?: number; readonly fresh?: boolean }): Promise<Connection>
  list(): readonly KeptConnection[]
  /** Ends them all. */
  stop(): Promise<void>
}

export function keptConnections(folder = join(testFolder(), 'k')): TestKept {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    folder,
    async connect(target, { persistSeconds = 60, fresh = false } = {}) {
      const login = await explicitLogin(target)
      return connectKept(folder, { ...login, decides: [login.decides, persistSeconds], persistSeconds }, { fresh })
    },
    list: () => listKept(folder),
    async stop() {
      for (const kept of listKept(folder)) await endKept(folder, kept)
    },
  }
}
