import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { Rendering } from '../../src/dsl/template.ts'
import { factsView } from '../../src/facts/guard.ts'
import { knowledgeOf } from '../../src/facts/knowledge.ts'
import { RollcallError } from '../../src/model/errors.ts'
import type { Facts } from '../../src/model/facts.ts'
import { renderTemplate } from '../../src/render/index.ts'

/** The project folder of a test file. */
export const root = mkdtempSync(join(tmpdir(), 'render-'))
afterAll(() => rmSync(root, { recursive: true }))

export function put(name: string, text: string | Uint8Array): string {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** Where the rendering under test was asked for. */
export const called = { file: '/project/playbooks/prepare.ts', line: 12, column: 5 }

export function renderFile(path: string, data: () => object): string {
  return Buffer.from(renderTemplate(new Rendering(path, data, [], called), { root }).bytes).toString('utf8')
}

let written = 0
/** Renders text as a template of its own, and says its path. */
export function renderAs(text: string, data: object = {}): { readonly path: string; readonly text: () => string } {
  const path = put(`templates/x${++written}.eta`, text)
  return { path, text: () => renderFile(path, () => data) }
}
export function render(text: string, data: object = {}): string {
  return renderAs(text, data).text()
}

/** The RollcallError that something fails with. */
export function failure(run: () => unknown): RollcallError {
  try {
    run()
  } catch (error) {
    if (error instanceof RollcallError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** A host that is down and was never seen. */
export const missing = (): { facts: Facts<'hardware' | 'os'> } => ({
  facts: factsView(knowledgeOf({ host: 'crystal-panda', now: 0, reason: 'connect timed out' }), ['hardware', 'os'], { play: 'nodes' }),
})
export const item = { name: 'node1', port: 8080 }
