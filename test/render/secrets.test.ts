import { describe, expect, it, test } from 'vitest'
import { Rendering } from '../../src/dsl/template.ts'
import { formatError } from '../../src/model/errors.ts'
import { renderTemplate } from '../../src/render/index.ts'
import { Secret } from '../../src/util/secret.ts'
import { called, failure, put, render, root } from './fixture.ts'

let written = 0
function both(text: string, data: object): { readonly text: string; readonly shown: string | undefined } {
  const path = put(`secret${++written}.eta`, text)
  const { bytes, shown } = renderTemplate(new Rendering(path, () => data, [], called), { root })
  return { text: Buffer.from(bytes).toString(), shown: shown && Buffer.from(shown).toString() }
}
const x = new Secret(`a "b" $& c`)
const short = new Secret('no')

describe('a secret in a template', () => {
  it.each<[string, string, string, string]>([
    ['a tag', '<%= it.x %>', `a "b" $& c`, '[secret]'],
    ['a raw tag', 'x=<%~ it.x %>;', `x=a "b" $& c;`, 'x=[secret];'],
    ['deep in its data', '<% for (const one of it.list) { %><%= one.x %>,<% } %>', `a "b" $& c,`, '[secret],'],
    ['a short one, where alone it stands', 'no <%= it.short %> no', 'no no no', 'no [secret] no'],
    ['its value in code', '<%= JSON.stringify({ x: it.x.reveal() }) %>', '{"x":"a \\"b\\" $& c"}', '{"x":"[secret]"}'],
    ['its value made into something else', '<%= it.x.reveal().length %>', '10', '10'],
  ])('as %s', (_, template, text, shown) => expect(both(template, { x, short, list: [{ x }] })).toEqual({ text, shown }))

  it('in a part that is included', () => {
    put('part.eta', '<%= it.x %>')
    expect(both('<%~ include("part", it) %>.', { x })).toEqual({ text: `a "b" $& c.`, shown: '[secret].' })
  })
  it('that is not printed seals nothing', () => expect(both('<%= it.y %>', { x, y: 1 })).toEqual({ text: '1', shown: undefined }))
})

test('the data function may reveal one: that seals the file', () => {
  const path = put('data.eta', '<%= it.header %>')
  const data = () => ({ header: Buffer.from(`me:${x.reveal()}`).toString('base64') })
  const { shown } = renderTemplate(new Rendering(path, data, [], called), { root })
  expect(Buffer.from(shown!).toString()).not.toContain(Buffer.from(`me:${x.reveal()}`).toString('base64'))
})

test.each([
  ['a string', '<%= `user:$' + '{it.x}` %>'],
  ['a sum of strings', "<%= 'user:' + it.x %>"],
  ['JSON', '<%= JSON.stringify(it) %>'],
  ['a list that is joined', '<%= [it.x].join() %>'],
])('%s would hold [secret] instead of it: an error, with the line', (_, template) => {
  const { details } = failure(() => render(`\n${template}`, { x }))
  expect(details).toMatchObject({ summary: 'A template turns a secret into text by itself', at: { line: 2 } })
  expect(details.fix).toContain('reveal()')
})

test('a secret that became text before it came to the template', () => {
  const { details } = failure(() => render('\n<%= it.line %>', { line: `user:${x}` }))
  expect(details).toMatchObject({ summary: 'A template turns a secret into text by itself', at: { line: 2 } })
  expect(render('[secret]\n<%= it.y %>', { y: 1 })).toBe('[secret]\n1')
})

test('a part in which a secret was printed, and that is worked on afterwards', () => {
  put('templates/part.eta', '<%= it.x %>')
  expect(failure(() => render('<%~ include("part", it).toUpperCase() %>', { x })).details.summary).toBe(
    'A template changes a part in which a secret is printed',
  )
})

test('no error of a template holds it', () => {
  const hidden = new Secret('hunter two')
  for (const text of ['<%= it.x.nothing.there %>', '<%= it.y %>', '<%= [it.x] %>', '<%= { x: it.x } %>', '<% throw new Error(it.x) %>'])
    expect(formatError(failure(() => render(text, { x: hidden })).details)).not.toContain('hunter two')
})
