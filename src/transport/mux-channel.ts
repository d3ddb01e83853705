import { Readable, Writable } from 'node:stream'
import type { Exit, RemoteProcess } from './connection.ts'
import type { MessageReader } from './mux-wire.ts'
import { ssh, sshMessage, string, uint32 } from './mux-wire.ts'

/** What each side may send before the other has taken it, and the most in one message. */
export const window = 2 * 1024 * 1024
export const packet = 32 * 1024

/** One channel: what comes in for it, and the process that is made of it. */
export interface MuxChannel {
  /** Resolves when the host has opened it; rejects with what it said when it does not. */
  readonly opened: Promise<void>
  /** Settles when nothing more comes and the number is free again. */
  readonly closed: Promise<void>
  receive(type: number, message: MessageReader): void
  /** Runs a command in it; once. */
  start(command: string, pty: boolean): RemoteProcess
  /** The link is gone; `error` is what the process's exit rejects with. */
  lose(error: Error): void
}

/** The host gave no channel, or runs no command in it. */
export class ChannelRefused extends Error {}

/** `send` writes one message and calls back when the master has taken it. */
export function muxChannel(send: (message: Buffer, taken?: () => void) => void): MuxChannel {
  let remote = 0
  let sendable = 0
  let largest = packet
  let exitKnown: Exit | undefined
  let closeSent = false
  let over = false
  /** What of our window is used up and was read by whoever reads. */
  let returned = 0
  let waiting: (() => void) | undefined

  let confirm = () => {}
  let refuse: (error: Error) => void = () => {}
  const opened = new Promise<void>((resolve, reject) => {
    confirm = resolve
    refuse = reject
  })
  opened.catch(() => undefined)
  let endNow = () => {}
  const closed = new Promise<void>((resolve) => {
    endNow = resolve
  })
  let settle: (exit: Exit) => void = () => {}
  let fail: (error: Error) => void = () => {}
  const exit = new Promise<Exit>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  exit.catch(() => undefined)

  const say = (type: number, ...fields: readonly Uint8Array[]) => {
    if (!over && !closeSent) send(sshMessage(type, remote, ...fields))
  }
  const giveBack = (bytes: number) => {
    returned += bytes
    if (returned < window / 4) return
    say(ssh.windowAdjust, uint32(returned))
    returned = 0
  }
  const stdout = output(giveBack)
  const stderr = output(giveBack)
  const stdin = new Writable({
    highWaterMark: 256 * 1024,
    write: (chunk: Buffer, _encoding, done) => sendData(chunk, () => done()),
    final: (done) => {
      say(ssh.eof)
      done()
    },
  })
  stdin.on('error', () => undefined) // a process that ends early closes its input; its exit says so already

  function sendData(data: Buffer, done: () => void): void {
    let rest = data
    while (rest.length > 0 && !over && !closeSent) {
      const size = Math.min(rest.length, sendable, largest)
      if (size === 0) {
        waiting = () => sendData(rest, done)
        return
      }
      sendable -= size
      const message = sshMessage(ssh.data, remote, string(rest.subarray(0, size)))
      rest = rest.subarray(size)
      send(message, rest.length === 0 ? done : undefined)
      if (rest.length === 0) return
    }
    done()
  }
  const resume = () => {
    const next = waiting
    waiting = undefined
    next?.()
  }
  const finish = () => {
    over = true
    stdout.end()
    stderr.end()
    resume()
    stdin.destroy()
    endNow()
  }
  const close = () => {
    say(ssh.close)
    closeSent = true
    resume()
  }

  return {
    opened,
    closed,
    receive(type, message) {
      if (type === ssh.openConfirmation) {
        remote = message.uint32()
        sendable = message.uint32()
        largest = Math.min(packet, message.uint32())
        confirm()
      } else if (type === ssh.openFailure) {
        message.uint32()
        over = true
        refuse(new ChannelRefused(message.text() || 'open failed'))
        endNow()
      } else if (type === ssh.windowAdjust) {
        sendable += message.uint32()
        resume()
      } else if (type === ssh.data) {
        stdout.add(message.bytes())
      } else if (type === ssh.extendedData) {
        message.uint32() // There is one kind: standard error.
        stderr.add(message.bytes())
      } else if (type === ssh.eof) {
        stdout.end()
        stderr.end()
      } else if (type === ssh.failure) {
        fail(new ChannelRefused('the command was refused'))
        close()
      } else if (type === ssh.request) {
        const name = message.text()
        const wantsAnswer = message.byte() !== 0
        if (name === 'exit-status') exitKnown = { code: message.uint32(), signal: null }
        if (name === 'exit-signal') exitKnown = { code: null, signal: `SIG${message.text()}` }
        if (exitKnown !== undefined) settle(exitKnown)
        // sshd asks in this way whether anybody is there.
        if (wantsAnswer) say(ssh.failure)
      } else if (type === ssh.close) {
        close()
        // The server did not say how the process ended.
        settle({ code: null, signal: null })
        finish()
      }
    },
    start(command, pty) {
      const no = Buffer.from([0])
      const yes = Buffer.from([1])
      if (pty)
        say(ssh.request, string('pty-req'), yes, string('vt100'), uint32(80), uint32(24), uint32(0), uint32(0), string(Buffer.from([0])))
      say(ssh.request, string('exec'), yes, string(command))
      return {
        stdin,
        stdout: stdout.stream,
        stderr: stderr.stream,
        exit,
        kill() {
          if (over || closeSent) return
          say(ssh.request, string('signal'), no, string('TERM'))
          close()
          // Nobody may be reading any more.
          stdout.stream.resume()
          stderr.stream.resume()
          // The server says nothing more of a process that outlives the signal.
          const end = () => {
            settle({ code: null, signal: 'SIGTERM' })
            stdout.end()
            stderr.end()
          }
          const late = setTimeout(end, 1000)
          closed.then(() => clearTimeout(late))
        },
      }
    },
    lose(error) {
      refuse(error)
      fail(error)
      finish()
    },
  }
}

interface Output {
  readonly stream: Readable
  add(chunk: Buffer): void
  end(): void
}

/** A stream that gives its part of the window back only for what fits its reader. */
function output(giveBack: (bytes: number) => void): Output {
  let held = 0
  let ended = false
  const stream = new Readable({
    highWaterMark: 128 * 1024,
    read() {
      const bytes = held
      held = 0
      if (bytes > 0) giveBack(bytes)
    },
  })
  stream.on('error', () => undefined)
  return {
    stream,
    add(chunk) {
      if (ended || stream.destroyed) giveBack(chunk.length)
      else if (stream.push(chunk)) giveBack(chunk.length)
      else held += chunk.length
    },
    end() {
      if (ended) return
      ended = true
      if (!stream.destroyed) stream.push(null)
    },
  }
}
