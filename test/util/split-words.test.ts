import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { splitWords } from '../../src/util/split-words.ts'

const lines: readonly (readonly [string, readonly string[]])[] = [
  ['ls -l /tmp', ['ls', '-l', '/tmp']],
  ['  two   spaces\tand tabs ', ['two', 'spaces', 'and', 'tabs']],
  [`a 'b c' "d e"f`, ['a', 'b c', 'd ef']],
  [`'' "" a''b`, ['', '', 'ab']],
  [`it\\'s \\"so\\" a\\ b \\\\`, [`it's`, '"so"', 'a b', '\\']],
  [`"a \\" \\$ \\\\ \\n '"`, [`a " $ \\ \\n '`]],
  [`'$HOME | & ; < > * \`x\`'`, ['$HOME | & ; < > * `x`']],
  ['find . -exec rm {} \\;', ['find', '.', '-exec', 'rm', '{}', ';']],
  ['cost=5$ a$ https://h/?q=1', ['cost=5$', 'a$', 'https://h/?q=1']],
  ['a~b --x=~', ['a~b', '--x=~']],
  ['a\\\nb', ['ab']],
  ['ends with a newline\n', ['ends', 'with', 'a', 'newline']],
  ['"* | ;"', ['* | ;']],
]
test.each(lines)('%j is split', (text, words) => {
  expect(splitWords(text)).toEqual(words)
})
test.each(lines.filter(([text]) => !text.includes('?')))('%j is split as a shell does', (text, words) => {
  expect(
    execFileSync('/bin/dash', ['-c', `printf '%s\\0' ${text}`])
      .toString()
      .split('\0')
      .slice(0, -1),
  ).toEqual(words)
})

test.each([
  ['ls | wc', /^'\|' at character 4 is for a shell \(to join commands\)/],
  ['a && b', /^'&&' at character 3/],
  ['a; b', /^';' at character 2/],
  ['sleep 5 &', /^'&'/],
  ['echo x > /tmp/y', /^'>' .*to redirect/],
  ['echo $HOME', /^'\$H' .*to insert a variable/],
  ['echo "$' + '{HOME}"', /^'\${' at character 7/],
  ['echo "$(id)"', /^'\$\(' /],
  ['echo `id`', /^'`' /],
  ['rm /tmp/*.log', /^'\*' .*a pattern of file names/],
  ['ls ~/x', /^'~' .*a home directory/],
  ['a\nb', /^'\\n' .*a second line/],
  ["it's", /^the quote ' at character 3 is not closed/],
  ['say "x', /^the quote " at character 5 is not closed/],
  ['x\\', /quotes nothing/],
])('%j is refused', (text, message) => {
  expect(() => splitWords(text)).toThrow(message)
})
