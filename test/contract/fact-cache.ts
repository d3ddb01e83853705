import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { type FactCache, type FactRecord, factFormat } from '../../src/model/fact-cache.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { folderEach } from '../helpers/folder.ts'

/** Source of a module whose default export makes a cache that keeps its records below a folder. */
export interface CacheUnderTest {
  readonly source: string
  open(folder: string): Promise<FactCache>
}

const record = (host: string, family: string, gatheredAt: number, value: object = { of: host }): FactRecord => ({
  version: factFormat,
  host,
  family,
  gatheredAt,
  value,
})

/** A process that saves its own family again and again, and one that all save, and looks at what all have saved. */
const rival = (source: string) => `
${source}
const [folder, name] = process.argv.slice(2)
const cache = await open(folder)
const hosts = ['a', 'b', 'c']
const text = 'x'.repeat(20_000)
for (let round = 1; round <= 25; round++) {
  const of = (host, family) => ({ version: ${factFormat}, host, family, gatheredAt: round, value: { name, round, text } })
  await cache.save({ inventory: 'i', records: hosts.flatMap((host) => [of(host, name), of(host, 'os')]), known: hosts })
  const found = [...(await cache.load({ inventory: 'i', hosts }))]
  for (const one of found) if (one instanceof Error || one.value.text !== text) throw new Error('half of a record: ' + (one.message ?? one.host))
  const own = found.filter(({ family, value }) => family === name && value.round === round)
  if (own.length !== hosts.length) throw new Error('a record was lost')
}
`

/** What every place for facts has to do, whatever it is. */
export function factCacheContract(name: string, { source, open }: CacheUnderTest): void {
  describe(name, () => {
    const folder = folderEach()
    const load = async (inventory: string, ...hosts: readonly string[]) => {
      const cache = await open(folder.path)
      const found = [...(await cache.load({ inventory, hosts }))] as FactRecord[]
      return found.toSorted((a, b) => `${a.host} ${a.family}`.localeCompare(`${b.host} ${b.family}`))
    }
    const save = async (inventory: string, ...records: readonly FactRecord[]) =>
      (await open(folder.path)).save({ inventory, records, known: records.map(({ host }) => host) })

    test('remembers records as they were, for the next one who opens it', async () => {
      const records = [record('a', 'hardware', 1), record('a', 'os', 2, { text: 'ü\n\0"' }), record('b', 'os', 3)]
      await save('one', ...records)
      expect(await load('one', 'a', 'b')).toEqual(records)
    })
    test('knows nothing of hosts never seen, of others than it is asked about, and of another inventory', async () => {
      await save('one', record('a', 'os', 1), record('b', 'os', 1))
      expect(await load('one', 'c')).toEqual([])
      expect(await load('one', 'b')).toEqual([record('b', 'os', 1)])
      expect(await load('one')).toEqual([])
      expect(await load('two', 'a', 'b')).toEqual([])
    })
    test('replaces what it is given, and leaves other families and hosts', async () => {
      await save('one', record('a', 'os', 1), record('a', 'hardware', 1), record('b', 'os', 1))
      await save('one', record('a', 'os', 2, { new: true }))
      expect(await load('one', 'a', 'b')).toEqual([record('a', 'hardware', 1), record('a', 'os', 2, { new: true }), record('b', 'os', 1)])
    })
    test.each([['../../etc/passwd'], ['..'], ['ünïcode host'], ['a'.repeat(300)], ['[2001:db8::1]:22'], ['a.os'], ['silent']])(
      'tells a host named %s from others',
      async (host) => {
        await save('one', record(host, 'os', 1), record('other', 'os', 1))
        expect(await load('one', host)).toEqual([record(host, 'os', 1)])
      },
    )
    test('processes that save at the same time lose nothing, and never read half of anything', async () => {
      const entry = folder.at('rival.ts')
      writeFileSync(entry, rival(source))
      const [outfile, data] = [folder.at('rival.mjs'), folder.at('data')]
      const alias = { rollcall: join(ownRoot(), 'src/index.ts') }
      const banner = { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` }
      await build({
        absWorkingDir: ownRoot(),
        entryPoints: [entry],
        outfile,
        bundle: true,
        format: 'esm',
        platform: 'node',
        alias,
        banner,
        nodePaths: [join(ownRoot(), 'node_modules')],
      })
      const ends = ['f1', 'f2', 'f3', 'f4'].map(
        (rival) =>
          new Promise<string>((resolve) => {
            const child = spawn(process.execPath, [outfile, data, rival], { stdio: ['ignore', 'ignore', 'pipe'] })
            let said = ''
            child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
            child.once('close', (code) => resolve(`${rival} ${code} ${said}`.trim()))
          }),
      )
      expect(await Promise.all(ends)).toEqual(['f1 0', 'f2 0', 'f3 0', 'f4 0'])
    })
  })
}
