// Writes docs/commands.md from the command line's own help. With --check it writes nothing and fails when the page is stale.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const path = join(root, 'docs/commands.md')
const command = 'node scripts/commands-doc.mjs'

async function help(words) {
  const [build] = readFileSync(join(root, 'dist/.built'), 'utf8').split('\n')
  const cli = join(root, 'dist', build, 'cli.cjs')
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...words, '--help'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', NO_COLOR: '1', COLUMNS: '100' },
  })
  return stdout.trimEnd()
}

/** Names of the commands that a help text lists. */
function commandsIn(text, words) {
  const lines = text.split('\n')
  const from = lines.indexOf('Commands:')
  if (from === -1) return []
  const prefix = `  rollcall ${words.length === 0 ? '' : `${words.join(' ')} `}`
  const until = lines.findIndex((line, index) => index > from && line === '')
  return lines.slice(from + 1, until).flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length).split(/[ \n]/)[0]] : []))
}

async function sections(words) {
  const text = await help(words)
  const inner = await Promise.all(commandsIn(text, words).map((name) => sections([...words, name])))
  // What only holds other commands has no examples of its own.
  const own = words.length === 0 || !/^Examples:/m.test(text) ? [] : [`## ${words.join(' ')}`, '', '```text', text, '```', '']
  return [...own, ...inner.flat()]
}

/** The whole page. */
export async function commandsDoc() {
  return `${[
    '# Commands',
    '',
    `Written by \`${command}\` from each command's \`--help\`; do not edit it by hand. Wherever \`--format\` is an option, \`json\``,
    'gives what a program reads: [Output as JSON](json.md). What ends with which code: [Errors and exit codes](errors.md).',
    '',
    ...(await sections([])),
  ]
    .join('\n')
    .trimEnd()}\n`
}

/** Undefined when docs/commands.md is as it should be, else what to do. */
export async function staleCommandsDoc() {
  const current = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return current === (await commandsDoc()) ? undefined : `docs/commands.md is stale: ${command}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--check')) {
    const stale = await staleCommandsDoc()
    if (stale !== undefined) process.stderr.write(`${stale}\n`)
    process.exitCode = stale === undefined ? 0 : 1
  } else writeFileSync(path, await commandsDoc())
}
