import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { Rendering } from '../../src/dsl/template.ts'
import { factsView, MissingFact } from '../../src/facts/guard.ts'
import { knowledgeOf } from '../../src/facts/knowledge.ts'
import { formatError, RollcallError } from '../../src/model/errors.ts'
import type { Facts } from '../../src/model/facts.ts'
import { renderTemplate } from '../../src/render/index.ts'
import { Secret } from '../../src/util/secret.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'render-'))
})

function put(name: string, text: string | Uint8Array): string {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const called = { file: '/project/playbooks/prepare.ts', line: 12, column: 5 }
function renderFile(path: string, data: () => object): string {
  return Buffer.from(renderTemplate(new Rendering(path, data, [], called), { root }).bytes).toString('utf8')
}
function render(text: string, data: object = {}): string {
  return renderFile(put('templates/x.eta', text), () => data)
}
function failure(run: () => unknown): RollcallError {
  try {
    run()
  } catch (error) {
    if (error instanceof RollcallError) return error
    throw error
  }
  throw new Error('it did not fail')
}
const missing = (): { facts: Facts<'hardware' | 'os'> } => ({
  facts: factsView(knowledgeOf({ host: 'crystal-panda', now: 0, reason: 'connect timed out' }), ['hardware', 'os'], { play: 'nodes' }),
})
const item = { name: 'node1', port: 8080 }

describe('what a template makes', () => {
  it.each<[string, string, object, string]>([
    ['text as it is', 'a <b> & "c"\\n\'d\' `e` ${f}\n', {}, 'a <b> & "c"\\n\'d\' `e` ${f}\n'],
    ['values without escaping', '<%= it.a %>|<%~ it.a %>', { a: `<&"'\\n` }, `<&"'\\n|<&"'\\n`],
    ['numbers', '<%= it.a %> <%= it.b %> <%= it.c %>', { a: 0, b: -1.5, c: 2n ** 70n }, '0 -1.5 1180591620717411303424'],
    ['every newline', '<% if (true) { %>\nx\n<% } %>\n', {}, '\nx\n\n'],
    ['newlines trimmed where asked', '<% if (true) { -%>\nx\n<% } -%>\n', {}, 'x\n'],
    ['all space trimmed where asked', 'a  \n <%_ if (true) { _%> \n x <%_ } _%> \n b', {}, 'axb'],
    ['loops', '<% it.list.forEach((one) => { -%>\n<%= one.name %>:<%= one.port %>\n<% }) -%>\n', { list: [item, { ...item, port: 1 }] }, 'node1:8080\nnode1:1\n'],
    ['for … of, destructuring and index', '<% for (const [i, { name }] of it.list.entries()) { %><%= i %><%= name %><% } %>', { list: [item] }, '0node1'],
    ['functions of lists', '<%= it.list.map((one) => one.name).join() %> <%= it.list.length %> <%= it.list.filter((one) => one.port > 1).length %> <%= [...it.list, ...it.list].length %>', { list: [item] }, 'node1 1 1 2'],
    ['JSON', '<%= JSON.stringify(it.list) %> <%= JSON.stringify(it) %>', { list: [item, null] }, `${JSON.stringify([item, null])} ${JSON.stringify({ list: [item, null] })}`],
    ['names, entries and spread', '<%= Object.keys(it.o).join() %> <%= Object.entries(it.o).flat().join() %> <%= ({ ...it.o }).name %>', { o: item }, 'name,port name,node1,port,8080 node1'],
    ['a declared undefined', '<% if (it.a) { %>yes<% } else { %>no<% } %> <%= it.a ?? "none" %>', { a: undefined }, 'no none'],
    ['whether a name is there', '<%= "a" in it ? 1 : 0 %><%= Object.hasOwn(it, "b") ? 1 : 0 %>', { a: 1 }, '10'],
    ['the end of a list', '<%= it.list[7] === undefined ? "past" : "" %> <%= it.list.at(-1) %>', { list: ['x'] }, 'past x'],
    ['functions, Maps, dates and sets', '<%= it.f(2) %> <%= it.m.get("k") %> <%= it.d.toISOString() %> <%= it.s.size %>', { f: (n: number) => n * 2, m: new Map([['k', 'v']]), d: new Date(0), s: new Set([1]) }, '4 v 1970-01-01T00:00:00.000Z 1'],
    ['frozen data', '<%= it.o.list[0].name %> <%= JSON.stringify(it.o) %>', { o: Object.freeze({ list: Object.freeze([Object.freeze({ name: 'a' })]) }) }, 'a {"list":[{"name":"a"}]}'],
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
    expect(render('<% layout("layout") %><%~ include("parts/row", { row: 1 }) %><%~ include("./parts/row.eta", { row: 2 }) %>', { name: 'n' })).toBe('<[1n.][2n.]>')
  })
})

describe('an error in a template names its line', () => {
  it.each<[string, string, object, number, number | undefined]>([
    ['first line', '<%= it.nope %>', {}, 1, 8],
    ['later line', 'a\nb\n  x <%= it.nope %>\n', {}, 3, 12],
    ['second tag of a line', 'a\n<%= it.a %> <%= it.nope %>\n', { a: 1 }, 2, 20],
    ['middle of an expression over lines', 'a\n<%= [\n  it.a,\n  it.nope,\n].join() %>\n', { a: 1 }, 4, 6],
    ['expression below its opening tag', '<%=\n\n  it.nope\n%>', {}, 3, 6],
    ['code over lines', 'x\n<%\n  const a = 1\n  const b = it.nope\n%>\n', {}, 4, 16],
    ['inside a loop', '<% for (const one of it.list) { %>\n<%= one.name %>\n<%= one.nope %>\n<% } %>', { list: [item] }, 3, undefined],
    ['inside a callback that is called later', '<% const f = () =>\n  it.nope\n%>\n\n<%= f() %>', {}, 2, undefined],
    ['inside a callback of a list', '<%=\nit.list\n  .map((one) => one.name)\n  .map((one) => one.missing.x)\n  .join() %>', { list: [item] }, 4, undefined],
    ['after trims', '<% if (true) { -%>\n\n<%_ } _%>\n\n\n  <%= it.nope %>', {}, 6, undefined],
    ['after a tag with a comment', '<% // one %>\n<%= it.a // two\n%>\n<%= it.nope %>', { a: 1 }, 4, undefined],
    ['after tags within text', `<%= "%" + ">" + '<' + \`%\n\` %>\n<%= it.nope %>`, {}, 3, undefined],
    ['after Windows line ends', 'a\r\nb\r\n<%= it.nope %>\r\n', {}, 3, undefined],
    ['what is printed', 'a\n\n  <%= it.none %>', { none: undefined }, 3, 7],
    ['what is thrown by hand', 'a\n<% throw new Error("by hand") %>', {}, 2, undefined],
    ['a name of JavaScript that is not there', 'a\n<%= nope %>', {}, 2, undefined],
    ['a field of undefined', 'a\n\n<%= it.a.b %>', { a: undefined }, 3, undefined],
    ['recursion without end', 'a\n<% const f = () => f() + 1 %>\n<%= f() %>', {}, 2, undefined],
    ['a function of the data', 'a\n<%= it.f() %>', { f: () => JSON.parse('{') as string }, 2, undefined],
    ['a change of the data', 'a\n<% it.a = 2 %>', { a: 1 }, 2, undefined],
    ['a name that forgets its declaration', 'a\n<% x = 2 %>', {}, 2, undefined],
    ['a sorted list of the data', 'a\n<% it.list.sort() %>', { list: [2, 1] }, 2, undefined],
    ['a fact', 'a\nb <%= it.nodes[0].facts.hardware.memoryMb %>', { nodes: [missing()] }, 2, undefined],
    ['JSON of facts', 'a\n<%= JSON.stringify(it.nodes) %>', { nodes: [missing()] }, 2, undefined],
    ['a wrong word of JavaScript', 'a\nb\n<% const = 2 %>\n<%= it.a %>', {}, 3, undefined],
    ['a wrong word after other tags', '<%= it.a\n%>\n<%= it.a b %>', {}, 3, undefined],
    ['a tag that is not closed', 'a\nb <%= it.a \n', {}, 2, 3],
    ['text that is not closed', 'a\n\n<%= "a %>\n', {}, 3, 5],
  ])('%s', (_, text, data, line, column) => {
    const { at } = failure(() => render(text, data)).details
    expect(at).toMatchObject({ file: join(root, 'templates/x.eta'), line, ...(column !== undefined && { column }) })
  })
  it('of the part that fails, not of the template that includes it', () => {
    put('templates/part.eta', 'a\n<%= it.nope %>')
    expect(failure(() => render('<%~ include("part") %>')).details.at).toMatchObject({ file: join(root, 'templates/part.eta'), line: 2 })
    put('templates/part.eta', 'a\n\n<%= it. %>')
    expect(failure(() => render('<%~ include("part") %>')).details.at).toMatchObject({ file: join(root, 'templates/part.eta'), line: 3 })
  })
  it('of the include, where the part is missing or outside', () => {
    put('templates/row.eta', '')
    const error = failure(() => render('a\n<%~ include("rwo") %>'))
    expect(error.details).toMatchObject({ summary: 'The file of a template does not exist', detail: 'templates/rwo.eta', fix: "Did you mean 'row.eta'?", at: { line: 2 } })
    expect(failure(() => render('a\n<%~ include("../../../etc/passwd") %>')).details).toMatchObject({ summary: 'A template includes a file outside the project', at: { line: 2 } })
  })
})

describe('what an error says', () => {
  it('suggests the name that was meant', () => {
    const { details } = failure(() => render('<%= it.servers[0].nmae %>', { servers: [item] }))
    expect({ ...details, at: undefined }).toEqual({
      summary: 'A template reads a name that its data does not have',
      detail: 'it.servers[0].nmae\nit.servers[0] has: name, port',
      fix: "Did you mean 'name'? Otherwise add 'nmae' to what the template's data function returns (undefined, where there is none).",
      at: undefined,
    })
  })
  it.each<[string, string]>([
    ['<%= it.list.lenght %>', 'it.list.lenght'],
    ["<%= it.o['a b'].c %>", "it.o['a b'].c"],
    ["<%= it.o['x-y'] %>", "it.o['x-y']"],
    ['<%= it.nope?.a %>', 'it.nope'],
    ['<% const { other } = it.o %>', 'it.o.other'],
  ])('names the path: %s', (text, path) => {
    expect(failure(() => render(text, { list: [], o: { 'a b': {} } })).details.detail?.split('\n')[0]).toBe(path)
  })
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['true', true, 'true'],
    ['NaN', Number.NaN, 'NaN'],
    ['infinity', -1 / 0, '-Infinity'],
    ['an object', {}, 'an object'],
    ['a list', ['x'], 'a list'],
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a secret', new Secret('hunter2'), 'an object'],
    ['a date', new Date(0), 'an object'],
  ])('refuses to print %s', (_, x, what) => {
    for (const text of ['<%= it.x %>', '<%~ it.x %>']) {
      const { details } = failure(() => render(text, { x }))
      expect(details).toMatchObject({ summary: 'A template prints what is neither text nor a number', detail: `the value is ${what}`, at: { line: 1 } })
      expect(details.fix).not.toBe('')
      expect(formatError(details)).not.toContain('hunter2')
    }
  })
  it('refuses an object within text', () => {
    expect(failure(() => render('<%= `a ${it.o}` %>', { o: {} })).details.detail).toBe('the value is an object')
  })
  it('keeps the fields of a fact that is missing', () => {
    const error = failure(() => render('\n<%= it.nodes[0].facts.hardware.memoryMb %>', { nodes: [missing()] }))
    expect(error).toBeInstanceOf(MissingFact)
    expect(error).toMatchObject({ host: 'crystal-panda', fact: 'hardware.memoryMb', reason: 'the host is down (connect timed out) and was never seen before' })
    expect(formatError(error.details)).toContain(`at host crystal-panda, ${join(root, 'templates/x.eta')}:2:`)
  })
  it('of a missing file points to who asked for it', () => {
    expect(failure(() => renderFile(join(root, 'none.eta'), () => ({}))).details).toMatchObject({ summary: 'The file of a template does not exist', detail: 'none.eta', at: called })
    expect(failure(() => renderFile(root, () => ({}))).details.summary).toBe('The file of a template does not exist')
  })
  it('of bytes that are no text', () => {
    expect(failure(() => renderFile(put('x.eta', new Uint8Array([0x61, 0xff])), () => ({}))).details).toMatchObject({ summary: 'A template is not UTF-8 text', at: called })
  })
})

describe('the data function', () => {
  const path = (): string => put('x.eta', '')
  const lineHere = (): number => Number(/render\.test\.ts:(\d+)/.exec(new Error().stack!.split('\n')[2]!)![1])
  it('fails at its own line', () => {
    let line = 0
    const error = failure(() =>
      renderFile(path(), () => {
        line = lineHere() + 1
        throw new RangeError('too many')
      }),
    )
    expect(error.details).toMatchObject({ summary: "A template's data function failed", detail: 'x.eta: RangeError: too many', at: { file: import.meta.filename, line } })
  })
  it('names its line, host and fact where it reads a fact that is missing', () => {
    let line = 0
    const nodes = [missing()]
    const error = failure(() =>
      renderFile(path(), () => {
        line = lineHere() + 1
        return { memory: nodes.map((node) => node.facts.hardware.memoryMb) }
      }),
    )
    expect(error).toBeInstanceOf(MissingFact)
    expect(error).toMatchObject({ host: 'crystal-panda', fact: 'hardware.memoryMb', details: { at: { file: import.meta.filename, line } } })
  })
  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['text', 'x', 'string'],
    ['a list', [], 'a list'],
    ['a promise', Promise.resolve({}), 'a promise'],
  ])('may not return %s', (_, data, what) => {
    expect(failure(() => renderFile(path(), () => data as object)).details).toMatchObject({ detail: `x.eta: it returned ${what}`, at: called })
  })
  it('may throw what is no error', () => {
    expect(failure(() => renderFile(path(), () => { throw 'a word' })).details).toMatchObject({ detail: 'x.eta: thrown: a word', at: called })
  })
})
