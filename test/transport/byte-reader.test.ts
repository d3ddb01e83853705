import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byteReader, StreamEnded } from '../../src/transport/byte-reader.ts'
import { readAnswer } from '../../src/transport/session-frame.ts'
import { chance } from '../helpers/chance.ts'

/** A reader of these bytes, which come in pieces of the given sizes, over and over. */
function readerOf(bytes: Uint8Array, sizes: readonly number[]) {
  const stream = new PassThrough()
  const reader = byteReader(stream)
  void (async () => {
    for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
      const size = sizes[piece % sizes.length]!
      stream.write(bytes.subarray(at, at + size))
      at += size
      await new Promise((resolve) => setImmediate(resolve))
    }
    stream.end()
  })()
  return reader
}

describe('bytes that come in pieces', () => {
  test('are the same bytes, however they are cut and asked for', async () => {
    const part = fc.record({ body: fc.uint8Array({ maxLength: 60 }), how: fc.constantFrom('until', 'seek', 'exactly', 'line') })
    const marker = Buffer.from([10, 1, 2, 1])
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
        async (parts, sizes) => {
          const clean = parts.map(({ body, how }) => ({ how, body: Buffer.from(body).map((byte) => byte % 10) }))
          const whole = clean.map(({ body, how }) =>
            Buffer.concat([body, how === 'exactly' ? Buffer.alloc(0) : how === 'line' ? Buffer.from('\n') : marker]),
          )
          const reader = readerOf(Buffer.concat([...whole, Buffer.from('rest')]), sizes)
          for (const { how, body } of clean) {
            if (how === 'seek') await reader.seek(marker)
            else if (how === 'line') expect(await reader.line()).toBe(Buffer.from(body).toString('utf8'))
            else {
              const bytes = how === 'until' ? await reader.until(marker) : await reader.exactly(body.length)
              expect(bytes.equals(Buffer.from(body))).toBe(true)
            }
          }
          expect((await reader.exactly(4)).toString()).toBe('rest')
          await expect(reader.exactly(1)).rejects.toBeInstanceOf(StreamEnded)
          expect(reader.received).toBe(Buffer.concat(whole).length + 4)
        },
      ),
      chance(100),
    )
  })

  test('64 MiB in small pieces are copied a bounded number of times', async () => {
    const stream = new PassThrough()
    const reader = byteReader(stream)
    let copied = 0
    const { concat } = Buffer
    const { copy } = Buffer.prototype
    Buffer.concat = (list, length) => {
      const all = concat(list, length)
      copied += all.length
      return all
    }
    Buffer.prototype.copy = function (...to: Parameters<typeof copy>) {
      const count = copy.apply(this, to)
      copied += count
      return count
    }
    try {
      const size = 64 * 1024 * 1024
      const piece = Buffer.alloc(16 * 1024, 'x')
      const marker = Buffer.from('\nmark\n')
      const read = reader.until(marker)
      for (let sent = 0; sent < size; sent += piece.length) {
        stream.emit('data', piece)
        if (sent % (1024 * 1024) === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      stream.emit('data', marker)
      expect((await read).length).toBe(size)
      expect(copied).toBeLessThan(4 * size)
    } finally {
      Buffer.concat = concat
      Buffer.prototype.copy = copy
    }
  })

  test('what was dropped or never asked for is what the host said', async () => {
    const reader = readerOf(Buffer.from('hello\nmark and more'), [3])
    await reader.seek(Buffer.from('\nmark'))
    await expect(reader.seek(Buffer.from('never'))).rejects.toBeInstanceOf(StreamEnded)
    expect(reader.leftover()).toBe('hello and more')
  })
})

test('steps that begin side by side are all heard of, also where a shell writes line by line', async () => {
  const stream = new PassThrough()
  const heard: string[] = []
  const answer = readAnswer(
    byteReader(stream),
    'N',
    1,
    2,
    (step) => heard.push(`at ${step}`),
    (step) => heard.push(`to ${step}`),
  )
  // Each of the shells has written its empty line, and then its word.
  stream.write('\n\nN 1 at 1\nN 1 at 2\n\nN 1 to 2\n\n\nN 1 to 1\n')
  stream.end('\nN 1 done 0 0\n\n\nN 1 end\n')
  expect(await answer).toMatchObject({ kind: 'replies', replies: [{ code: 0 }, { code: 0 }] })
  expect(heard).toEqual(['at 1', 'at 2', 'to 2', 'to 1'])
})
