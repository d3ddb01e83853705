import { Eta } from 'eta'
import { expect, test } from 'vitest'
import { etaToTypeScript } from '../../src/load/eta-to-typescript.ts'

function convert(template: string): string {
  const converted = etaToTypeScript(template)
  if ('problem' in converted) throw new Error(converted.problem.message)
  return converted.code
}

test.for([
  ['plain text', 'listen 80\n', '         \n'],
  ['a value', 'port <%= it.port %> x', '     _$( it.port );  '],
  ['a raw value', '<%~ it.a %>', '_$( it.a );'],
  ['trim markers', '<%-= it.a -%>x<%_ it.b() _%>', ' _$( it.a  );     it.b()  ; '],
  ['statements on one line', '<% const a = 1 %><% const b = 2 %>', '   const a = 1 ;    const b = 2 ; '],
  ['a block', '<% if (it.a) { %>yes<% } else { %>no<% } %>', '   if (it.a) {         } else {        } ; '],
  ['else in its own tag', '<% if (it.a) { %>y<% } %><% else { %>n<% } %>', '   if (it.a) {       }      else {       } ; '],
  [
    'a callback',
    '<% it.nodes.forEach((node) => { %>\n<%= node.name %>\n<% }) %>',
    '   it.nodes.forEach((node) => {   \n_$( node.name );\n   }) ; ',
  ],
  ['a closing tag inside a string', `<%= '%>' %>`, `_$( '%>' );`],
  ['a line comment', `<% a() // note %><%= it.b %>`, '   a() ;         _$( it.b );'],
  ['a line comment in a value', `<%= it.b // note %>`, '_$( it.b );        '],
  ['two slashes in a string', `<%= 'http://x' %>`, `_$( 'http://x' );`],
  ['lines inside a tag', `<%\n  const a = 1\n  const b = 2\n%>`, `  \n  const a = 1\n  const b = 2\n; `],
] as const)('%s', ([, template, code]) => {
  expect(convert(template)).toBe(code)
})

test.for([
  ['\n\n  <%= it.a', 'A tag is not closed with %>', 4],
  ['<% /* note %>', 'A comment is not closed', 3],
  [`<%= 'x %>`, 'A string is not closed', 4],
] as const)('%j is refused', ([template, message, offset]) => {
  expect(etaToTypeScript(template)).toEqual({ problem: { message, offset } })
})

const templates = [
  `a <%= it.name %> b`,
  `<% for (const node of it.nodes) { -%>\nserver <%= node.name %>:<%= node.port %>\n<% } -%>\n<% if (it.tls) { %>tls<% } else { %>plain<% } %>`,
  `<% const x = { a: 1 } %><% const y = x.a // trailing %><%= y + 1 %><% /* it's */ %>\n<%~ \`\${it.name}-\${y}\` _%>  \n end`,
  `<% switch (it.name) { %><% case 'web': %>one<% break %><% default: %>two<% } %>`,
  `<% try { %>a<% } %><% catch { %>b<% } %><% while (false) { %>c<% } %>`,
  `<%= it.nodes.map((n) => \`\${n.name}\`).join(', ') %>`,
]
const data = {
  name: 'web',
  tls: false,
  nodes: [
    { name: 'n1', port: 80 },
    { name: 'n2', port: 81 },
  ],
}

test.for(templates)('keeps every line and column, and prints the values that Eta prints: %j', (template) => {
  const code = convert(template)
  expect(code.split('\n').length).toBe(template.split('\n').length)
  for (const word of template.matchAll(/[A-Za-z_]\w*/g))
    if (code.includes(word[0]) && code.slice(word.index, word.index + word[0].length).trim() !== '')
      expect(code.slice(word.index, word.index + word[0].length)).toBe(word[0])
  const printed: string[] = []
  new Function('it', '_$', code)(data, (value: unknown) => printed.push(String(value)))
  const rendered = new Eta({ autoEscape: false, autoTrim: false }).renderString(
    template.replace(/(<%[-_]?[=~])([\s\S]*?)((?:\/\/[^%]*)?[-_]?%>)/g, `$1'«'+($2)+'»'$3`),
    data,
  )
  expect(printed).toEqual([...rendered.matchAll(/«([^»]*)»/g)].map((match) => match[1]))
})
