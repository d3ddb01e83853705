// Writes docs/modules.md from the parameters that the modules themselves declare. With --check it writes nothing and
// fails when the file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const path = join(root, 'docs/modules.md')
const command = 'node scripts/modules-doc.mjs'

const kinds = [
  ['module', 'Modules: a state that holds', 'Check mode, diffs and verification follow from what a module reads and wants.'],
  [
    'action',
    'Actions: something that happens',
    'Check mode says `would run` (or what else it would do) and runs nothing. In check mode nothing of the result but `ran` and `reason` is known, and what reads more is unknown.',
  ],
  [
    'query',
    'Queries: a question that changes nothing',
    'They run in check mode too. The header of a check lists those that run a script of your own, since only trust says that it reads.',
  ],
  ['controller', 'On the controller', 'They touch no host.'],
]

/** Instances by what a user writes for them. */
const instances = {
  Script: '`sh` script',
  Rendering: 'template call',
  Function: '`(path) => sh` script',
  Uint8Array: 'bytes',
  Secret: '`Secret`',
  URL: '`URL`',
  RegExp: '`RegExp`',
}

function typeOf(schema) {
  if (schema.instanceOf) return instances[schema.instanceOf] ?? schema.instanceOf
  if ('const' in schema) return `\`${JSON.stringify(schema.const).replaceAll('"', "'")}\``
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value).replaceAll('"', "'")}\``).join(' or ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.type === 'array') {
    if (!schema.items) return 'list'
    return schema.items.enum ? `list of ${typeOf(schema.items)}` : `list of ${typeOf(schema.items)}s`
  }
  if (schema.type === 'object') {
    const [value] = Object.values(schema.patternProperties ?? {})
    return `names and ${typeOf(value ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : { type: 'value' }))}s`
  }
  return schema.type ?? 'any value'
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function table({ properties, required = [] }) {
  const rows = Object.entries(properties).sort(([left], [right]) => required.includes(right) - required.includes(left))
  return [
    '| parameter | type | meaning |',
    '| --- | --- | --- |',
    ...rows.map(([name, schema]) => {
      const needed = required.includes(name) ? ' (required)' : ''
      return `| \`${name}\`${needed} | ${cell(typeOf(schema))} | ${cell(schema.description ?? '')} |`
    }),
  ]
}

function results(fields = {}) {
  const rows = Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${cell(meaning)} |`)
  return rows.length === 0 ? [] : ['', '| result | meaning |', '| --- | --- |', ...rows]
}

/** The whole page. */
export async function modulesDoc() {
  const exported = Object.values(await import(pathToFileURL(join(root, 'dist/index.js')).href))
  const definitions = exported.flatMap((value) => (value?.definition?.params ? [value.definition] : []))
  const sections = kinds.flatMap(([kind, title, about]) => [
    `## ${title}`,
    '',
    about,
    '',
    ...definitions
      .filter((definition) => definition.kind === kind)
      .sort((left, right) => left.name.localeCompare(right.name, 'en'))
      .flatMap(({ name, summary, params, resultFields }) => [
        `### ${name}`,
        '',
        `${summary}.`,
        '',
        ...table(params),
        ...results(resultFields),
        '',
      ]),
  ])
  return `${[
    '# Built-in modules',
    '',
    `Written by \`${command}\` from the schemas that also check the parameters at run time; do not edit it by hand.`,
    'Every module is imported from `rollcall`. An unknown parameter is an error that names the nearest known one. `result(task)` gives what the second table of each says,',
    'and always `changed`, `skipped` and `failed`; a field may be absent where there is nothing to say.',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()}\n`
}

/** Undefined when docs/modules.md is as it should be, else what to do. */
export async function staleModulesDoc() {
  const current = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return current === (await modulesDoc()) ? undefined : `docs/modules.md is stale: ${command}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const stale = await staleModulesDoc()
    if (stale !== undefined) process.stderr.write(`${stale}\n`)
    process.exitCode = stale === undefined ? 0 : 1
  } else writeFileSync(path, await modulesDoc())
}
