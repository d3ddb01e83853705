import type { RunStep, Step, WriteStep } from '../dsl/step.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { inLines, quote, Script, sh } from '../util/sh.ts'
import { canonicalPath } from './path.ts'
import { stepJob } from './step-job.ts'
import { manySteps } from './write-many.ts'
import { temporaryName } from './write-script.ts'

/** Steps as jobs of a session, few of them, and the way back from their replies to those of the steps. */
export interface CompiledSteps {
  readonly jobs: readonly Job[]
  /** One reply a step, as if each had been its own job: after one that failed, none has run. */
  readonly replies: (replies: readonly Reply[]) => readonly Reply[]
}

/** More is sent as the input of a job of its own: as words of a script it would be read several times. */
const largestText = 64 * 1024
/** Of bytes that are no text each takes up to four characters. */
const largestBinary = 8 * 1024
/** What one job may hold, so that neither its script nor the words of a command grow without end. */
const largestJob = { content: 1024 * 1024, paths: 48 * 1024 }

/**
 * Makes few jobs of many steps. Small files without check, backup or source on the host share one `sh`, and so do
 * `quick` commands; every other step is its own job, as {@link stepJob} makes it.
 * @param marks What is said of the step at a place to the session, for the job that begins with it.
 * @param nonce Letters and digits; two writes of one file never share one.
 */
export function compileSteps(
  steps: readonly Step[],
  nonce: string,
  marks: (place: number) => Pick<Job, 'begins' | 'about' | 'task'> = () => ({}),
): CompiledSteps {
  const groups = groupsOf(steps)
  let at = 0
  const compiled = groups.map((group) => {
    const first = at
    at += group.length
    const { job, repliesOf } =
      group.length === 1 ? alone(group[0]!, first === 0 ? nonce : `${nonce}${first}`) : merged(group, `${nonce}${first}`)
    return { job: { ...job, ...marks(first) }, repliesOf }
  })
  return {
    jobs: compiled.map(({ job }) => job),
    replies: (replies) => compiled.flatMap(({ repliesOf }, index) => (replies[index] ? repliesOf(replies[index]) : [])),
  }
}

interface Compiled {
  readonly job: Job
  readonly repliesOf: (reply: Reply) => readonly Reply[]
}

function alone(step: Step, nonce: string): Compiled {
  return { job: stepJob(step, nonce), repliesOf: (reply) => [reply] }
}

/** Steps that may share a job stand in one group, in their order. A file that is written twice begins another. */
function groupsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = []
  let open: { readonly group: Step[]; readonly paths: Set<string>; content: number; length: number } | undefined
  for (const step of steps) {
    if (!sharesJob(step)) {
      open = undefined
      groups.push([step])
      continue
    }
    const path = step.kind === 'write' ? canonicalPath(step.path) : undefined
    const size = step.kind === 'write' ? step.content.length : step.script.text.length
    const full = open && (open.content + size > largestJob.content || open.length + (path?.length ?? 0) > largestJob.paths)
    if (!open || full || (path !== undefined && open.paths.has(path))) {
      open = { group: [], paths: new Set(), content: 0, length: 0 }
      groups.push(open.group)
    }
    open.group.push(step)
    open.content += size
    if (path === undefined) continue
    open.paths.add(path)
    open.length += path.length
  }
  return groups
}

/** Whether a step is a matter of a moment, and may stand in one job with others. */
export function sharesJob(step: Step): boolean {
  if (step.kind === 'run') return step.quick === true && step.stdin === undefined
  if (step.from !== undefined || step.validate !== undefined || step.backup) return false
  const { length } = step.content
  return length <= largestBinary || (length <= largestText && textOf(step.content) !== undefined)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Undefined for bytes that are no text, or that no word of a shell can hold. */
function textOf(content: Uint8Array): string | undefined {
  if (content.includes(0)) return undefined
  try {
    return utf8.decode(content)
  } catch {
    return undefined
  }
}

function merged(steps: readonly Step[], nonce: string): Compiled {
  const mark = `rollcall-${nonce}`
  const script = new Script(
    () =>
      inLines([
        sh`LC_ALL=C; export LC_ALL
umask 077
rc_mark=${mark} rc_nonce=${nonce} rc_files=${steps.filter(({ kind }) => kind === 'write').length}`,
        manySteps,
        ...steps.flatMap((step, index) => (step.kind === 'write' ? [functionsOf(step, index, nonce)] : [])),
        ...steps.map((step, index) => (step.kind === 'write' ? sh`rc_add ${index}` : inSubshell(step, index))),
        sh`rc_flush
exit 0`,
      ]).text,
    steps.length === 1 ? 'a step' : `${steps.length} steps`,
  )
  return { job: { script, step: true }, repliesOf: (reply) => divided(reply, steps.length, mark) }
}

function functionsOf(step: WriteStep, index: number, nonce: string): Script {
  const dest = canonicalPath(step.path)
  return sh`rc_f${index}() { dest=${dest} mode=${step.mode ?? ''} owner=${step.owner ?? ''} group=${step.group ?? ''} unsafe=${step.unsafeWrites ? 1 : ''} temporary=${temporaryName(dest, nonce)}; }
rc_c${index}() { ${printed(step.content)}; }`
}

/** Prints bytes exactly: text as one word, anything else as a format, where each byte may be a number. */
function printed(content: Uint8Array): Script {
  const text = textOf(content)
  if (text !== undefined) return new Script(`printf %s ${quote(text)}`)
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`
  const plain = (byte: number) => (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  const format = Array.from(content, (byte) => (plain(byte) ? String.fromCharCode(byte) : octal(byte))).join('')
  return new Script(`printf '${format}'`)
}

function inSubshell({ script }: RunStep, index: number): Script {
  return sh`rc_flush
( cd /
${script}
) </dev/null
rc_done ${index} $?`
}

const nothing = new Uint8Array(0)
const notRun: Reply = { ran: false, code: 0, stdout: nothing, stderr: nothing }

/** What one job says of many steps. A step that was begun and not ended takes what is left, and the job's own code. */
function divided(reply: Reply, count: number, mark: string): readonly Reply[] {
  if (!reply.ran) return Array.from({ length: count }, () => notRun)
  const stdout = cut(reply.stdout, mark)
  const stderr = cut(reply.stderr, mark)
  const codes = new Map(stdout.parts.map(({ words: [index, code] }) => [Number(index), Number(code)]))
  const said = (of: Cut, index: number) => of.parts.find(({ words }) => Number(words[0]) === index)?.text ?? nothing
  let stopped = false
  return Array.from({ length: count }, (_, index) => {
    if (stopped) return notRun
    const code = codes.get(index)
    if (code === undefined) {
      stopped = true
      return { ran: true, code: reply.code || 1, stdout: stdout.rest, stderr: stderr.rest }
    }
    stopped = code !== 0
    return { ran: true, code, stdout: said(stdout, index), stderr: said(stderr, index) }
  })
}

interface Cut {
  readonly parts: readonly { readonly words: readonly string[]; readonly text: Uint8Array }[]
  readonly rest: Uint8Array
}

/** Output, divided where lines begin with the mark; each part stands before its line. */
function cut(output: Uint8Array, mark: string): Cut {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength)
  const begin = Buffer.from(`\n${mark} `)
  const parts: { words: string[]; text: Uint8Array }[] = []
  let from = 0
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, from)) {
    const end = bytes.indexOf(10, at + begin.length)
    if (end < 0) break
    parts.push({ words: bytes.toString('latin1', at + begin.length, end).split(' '), text: new Uint8Array(bytes.subarray(from, at)) })
    from = end + 1
  }
  return { parts, rest: new Uint8Array(bytes.subarray(from)) }
}
