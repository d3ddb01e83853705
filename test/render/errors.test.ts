import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MissingFact } from '../../src/facts/guard.ts'
import { formatError } from '../../src/model/errors.ts'
import { called, failure, item, missing, put, render, renderAs, renderFile, root } from './fixture.ts'

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
    [
      'inside a callback of a list',
      '<%=\nit.list\n  .map((one) => one.name)\n  .map((one) => one.missing.x)\n  .join() %>',
      { list: [item] },
      4,
      undefined,
    ],
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
    const template = renderAs(text, data)
    const { at } = failure(template.text).details
    expect(at).toMatchObject({ file: template.path, line, ...(column !== undefined && { column }) })
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
    expect(error.details).toMatchObject({
      summary: 'The file of a template does not exist',
      detail: 'templates/rwo.eta',
      fix: "Did you mean 'row.eta'?",
      at: { line: 2 },
    })
    expect(failure(() => render('a\n<%~ include("../../../etc/passwd") %>')).details).toMatchObject({
      summary: 'A template includes a file outside the project',
      at: { line: 2 },
    })
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
    ['a date', new Date(0), 'an object'],
  ])('refuses to print %s', (_, x, what) => {
    for (const text of ['<%= it.x %>', '<%~ it.x %>']) {
      const { details } = failure(() => render(text, { x }))
      expect(details).toMatchObject({
        summary: 'A template prints what is neither text nor a number',
        detail: `the value is ${what}`,
        at: { line: 1 },
      })
      expect(details.fix).not.toBe('')
      expect(formatError(details)).not.toContain('hunter2')
    }
  })
  it('refuses an object within text', () => {
    expect(failure(() => render('<%= ["a", it.o].join(" ") %>', { o: {} })).details.detail).toBe('the value is an object')
  })
  it('keeps the fields of a fact that is missing', () => {
    const error = failure(() => render('\n<%= it.nodes[0].facts.hardware.memoryMb %>', { nodes: [missing()] }))
    expect(error).toBeInstanceOf(MissingFact)
    expect(error).toMatchObject({
      host: 'crystal-panda',
      fact: 'hardware.memoryMb',
      reason: 'the host is down (connect timed out) and was never seen before',
    })
    expect(formatError(error.details)).toMatch(/\n {2}at .*\.eta:2:\d+\n/)
  })
  it('of a missing file points to who asked for it', () => {
    expect(failure(() => renderFile(join(root, 'none.eta'), () => ({}))).details).toMatchObject({
      summary: 'The file of a template does not exist',
      detail: 'none.eta',
      at: called,
    })
    expect(failure(() => renderFile(root, () => ({}))).details.summary).toBe('The file of a template does not exist')
  })
  it('of bytes that are no text', () => {
    expect(failure(() => renderFile(put('x.eta', new Uint8Array([0x61, 0xff])), () => ({}))).details).toMatchObject({
      summary: 'A template is not UTF-8 text',
      at: called,
    })
  })
})

describe('the data function', () => {
  const path = (): string => put('x.eta', '')
  const lineHere = (): number => Number(/errors\.test\.ts:(\d+)/.exec(new Error().stack!.split('\n')[2]!)![1])
  it('fails at its own line', () => {
    let line = 0
    const error = failure(() =>
      renderFile(path(), () => {
        line = lineHere() + 1
        throw new RangeError('too many')
      }),
    )
    expect(error.details).toMatchObject({
      summary: "A template's data function failed",
      detail: 'x.eta: RangeError: too many',
      at: { file: import.meta.filename, line },
    })
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
    expect(failure(() => renderFile(path(), () => data as object)).details).toMatchObject({
      detail: `x.eta: it returned ${what}`,
      at: called,
    })
  })
  it('may throw what is no error', () => {
    expect(
      failure(() =>
        renderFile(path(), () => {
          throw 'a word'
        }),
      ).details,
    ).toMatchObject({ detail: 'x.eta: thrown: a word', at: called })
  })
})
