import { createHash } from 'node:crypto'
import { utimesSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Rendering } from '../../src/dsl/template.ts'
import { renderTemplate } from '../../src/render/index.ts'
import { called, item, put, render, renderFile, root } from './fixture.ts'

describe('what a template makes', () => {
  it.each<[string, string, object, string]>([
    ['text as it is', 'a <b> & "c"\\n\'d\' `e` $f\n', {}, 'a <b> & "c"\\n\'d\' `e` $f\n'],
    ['values without escaping', '<%= it.a %>|<%~ it.a %>', { a: `<&"'\\n` }, `<&"'\\n|<&"'\\n`],
    ['numbers', '<%= it.a %> <%= it.b %> <%= it.c %>', { a: 0, b: -1.5, c: 2n ** 70n }, '0 -1.5 1180591620717411303424'],
    ['every newline', '<% if (true) { %>\nx\n<% } %>\n', {}, '\nx\n\n'],
    ['newlines trimmed where asked', '<% if (true) { -%>\nx\n<% } -%>\n', {}, 'x\n'],
    ['all space trimmed where asked', 'a  \n <%_ if (true) { _%> \n x <%_ } _%> \n b', {}, 'axb'],
    [
      'loops',
      '<% it.list.forEach((one) => { -%>\n<%= one.name %>:<%= one.port %>\n<% }) -%>\n',
      { list: [item, { ...item, port: 1 }] },
      'node1:8080\nnode1:1\n',
    ],
    [
      'for … of, destructuring and index',
      '<% for (const [i, { name }] of it.list.entries()) { %><%= i %><%= name %><% } %>',
      { list: [item] },
      '0node1',
    ],
    [
      'functions of lists',
      '<%= it.list.map((one) => one.name).join() %> <%= it.list.length %> <%= it.list.filter((one) => one.port > 1).length %> <%= [...it.list, ...it.list].length %>',
      { list: [item] },
      'node1 1 1 2',
    ],
    [
      'JSON',
      '<%= JSON.stringify(it.list) %> <%= JSON.stringify(it) %>',
      { list: [item, null] },
      `${JSON.stringify([item, null])} ${JSON.stringify({ list: [item, null] })}`,
    ],
    [
      'names, entries and spread',
      '<%= Object.keys(it.o).join() %> <%= Object.entries(it.o).flat().join() %> <%= ({ ...it.o }).name %>',
      { o: item },
      'name,port name,node1,port,8080 node1',
    ],
    ['a declared undefined', '<% if (it.a) { %>yes<% } else { %>no<% } %> <%= it.a ?? "none" %>', { a: undefined }, 'no none'],
    ['whether a name is there', '<%= "a" in it ? 1 : 0 %><%= Object.hasOwn(it, "b") ? 1 : 0 %>', { a: 1 }, '10'],
    ['the end of a list', '<%= it.list[7] === undefined ? "past" : "" %> <%= it.list.at(-1) %>', { list: ['x'] }, 'past x'],
    [
      'functions, Maps, dates and sets',
      '<%= it.f(2) %> <%= it.m.get("k") %> <%= it.d.toISOString() %> <%= it.s.size %>',
      { f: (n: number) => n * 2, m: new Map([['k', 'v']]), d: new Date(0), s: new Set([1]) },
      '4 v 1970-01-01T00:00:00.000Z 1',
    ],
    [
      'frozen data',
      '<%= it.o.list[0].name %> <%= JSON.stringify(it.o) %>',
      { o: Object.freeze({ list: Object.freeze([Object.freeze({ name: 'a' })]) }) },
      'a {"list":[{"name":"a"}]}',
    ],
    ['a tag that ends in a comment', 'a <%= it.a // why\n%> b <% // nothing %>\nc', { a: 1 }, 'a 1 b \nc'],
    ['capture', '<% const c = capture(() => { %>x<%= it.a %><% }) %>[<%= c %>]', { a: 1 }, '[x1]'],
    ['data without a prototype', '<%= it.a %>', Object.assign(Object.create(null) as object, { a: 1 }), '1'],
    ['nothing', '', {}, ''],
  ])('%s', (_, text, data, expected) => expect(render(text, data)).toBe(expected))

  it('has bytes and their digest', () => {
    const { bytes, sha256 } = renderTemplate(new Rendering(put('x.eta', 'ü <%= it.a %>\n'), () => ({ a: '€' }), [], called), { root })
    expect(bytes).toEqual(Buffer.from('ü €\n'))
    expect(sha256).toBe(createHash('sha256').update('ü €\n').digest('hex'))
  })
  it('follows a file that is written again', () => {
    const path = put('x.eta', 'one')
    expect(renderFile(path, () => ({}))).toBe('one')
    put('x.eta', 'two')
    utimesSync(path, 1, 1)
    expect(renderFile(path, () => ({}))).toBe('two')
  })
  it('includes parts beside it, with data of its own, layouts too', () => {
    put('templates/parts/row.eta', '[<%= it.row %><%= it.name %><%~ include("../leaf") %>]')
    put('templates/leaf.eta', '.')
    put('templates/layout.eta', '<<%~ it.body %>>')
    expect(
      render('<% layout("layout") %><%~ include("parts/row", { row: 1 }) %><%~ include("./parts/row.eta", { row: 2 }) %>', { name: 'n' }),
    ).toBe('<[1n.][2n.]>')
  })
})
