import { readFileSync, statSync } from 'node:fs'
import { Rendering } from '../../src/dsl/template.ts'

/** What a file of a case's tree holds. */
export const text = (path: string) => readFileSync(path, 'utf8')
/** Octal, without leading zeros. */
export const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)
/** A template whose content is its data as JSON. */
export const rendering = (data: object) => new Rendering('/t.eta', () => data, [], undefined)
export const render = (of: Rendering) => Buffer.from(JSON.stringify(of.data()))
