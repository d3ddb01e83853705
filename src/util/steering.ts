/** Whoever steers a run tells it here when to end; whoever runs something asks. */
export interface Steering {
  /** Why no further task begins; undefined while all goes on. */
  readonly stopped: string | undefined
  /** Why also what runs is ended. */
  readonly ended: string | undefined
  /** What the process ends with then. */
  readonly exitCode: number | undefined
  /** Whether there is something to bring to an end: until then, whoever ends it just leaves. */
  underWay: boolean
  /** Calls back when `stopped`, or `ended`, is set, also if that was before; gives what takes it back. */
  on(what: 'stopped' | 'ended', listener: () => void): () => void
  /** Waits, but not past the time when no further task begins. */
  sleep(milliseconds: number): Promise<void>
  /** What runs on hosts now, as `host: task`. */
  readonly running: Set<string>
}

/** The other end of a {@link Steering}. */
export interface Wheel extends Steering {
  /** No further task begins; what runs goes on to its end. */
  stop(reason: string, exitCode: number): void
  /** What runs is ended on its hosts. */
  end(reason: string, exitCode: number): void
}

export function openSteering(): Wheel {
  let exitCode: number | undefined
  const reasons: { stopped: string | undefined; ended: string | undefined } = { stopped: undefined, ended: undefined }
  const listeners = { stopped: new Set<() => void>(), ended: new Set<() => void>() }
  const set = (what: 'stopped' | 'ended', reason: string, code: number) => {
    if (reasons[what] !== undefined) return
    exitCode ??= code
    reasons[what] = reason
    for (const listener of [...listeners[what]]) listener()
  }
  const wheel: Wheel = {
    get stopped() {
      return reasons.stopped
    },
    get ended() {
      return reasons.ended
    },
    get exitCode() {
      return exitCode
    },
    underWay: false,
    on: (what, listener) => {
      listeners[what].add(listener)
      if (reasons[what] !== undefined) queueMicrotask(listener)
      return () => void listeners[what].delete(listener)
    },
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        if (reasons.stopped !== undefined) return resolve()
        const over = () => {
          clearTimeout(timer)
          forget()
          resolve()
        }
        const forget = wheel.on('stopped', over)
        const timer = setTimeout(over, milliseconds)
      }),
    running: new Set(),
    stop: (reason, code) => set('stopped', reason, code),
    end: (reason, code) => {
      set('stopped', reason, code)
      set('ended', reason, code)
    },
  }
  return wheel
}
