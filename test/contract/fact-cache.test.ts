import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diskFactCache } from '../../src/store/index.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { testFolder } from '../helpers/folder.ts'
import { factCacheContract } from './fact-cache.ts'

factCacheContract('the folder of facts', {
  source: `import { diskFactCache } from '${join(ownRoot(), 'src/store/index.ts')}'
const open = async (folder: string) => diskFactCache(folder)`,
  open: async (folder) => diskFactCache(folder),
})

/** The example of the page on caches of one's own, word for word. */
const page = readFileSync(join(ownRoot(), 'docs/how-to/fact-cache.md'), 'utf8')
const example = /```ts fact-cache\.ts\n(.*?)\n```/s.exec(page)![1]!
let copies = 0

factCacheContract('the example of the papers', {
  source: `${example.replace('export default', 'const exported =')}
const open = async (_: string) => exported`.replace('process.env.SHARED_FACTS', 'process.argv[2]'),
  open: async (folder) => {
    const copy = join(testFolder(), `fact-cache-${copies++}.ts`)
    writeFileSync(copy, example)
    process.env.SHARED_FACTS = folder
    return ((await import(copy)) as { default: ReturnType<typeof diskFactCache> }).default
  },
})
