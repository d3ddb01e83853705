import { quote, Script, sh } from '../util/sh.ts'
import { stateFolder } from '../util/state-folder.ts'
import type { ByteReader } from './byte-reader.ts'
import { bootLine, bootWith } from './session-loop.ts'
import { type Job, longInput, type Reply } from './session-types.ts'
import { isBeside, type Placed, sideBySide, sideBySideProgram } from './side-by-side.ts'

const empty = new Uint8Array(0)

/** Whether a job can be run by a fork of the session's own shell; see {@link Job.own}. */
export function isOwn({ own, step, stdin, beside }: Job): boolean {
  return own === true && step !== true && stdin === undefined && beside === undefined
}

/** One compound command that runs own reads only, so it needs no payload and no file on the host. */
export function ownDriver(jobs: readonly Job[]): string {
  return `{ ${jobs.map(({ script }) => `rc_own ${quote(script.text)}`).join('\n')}\nrc_fin\n}`
}

/**
 * What a shell does at its end with a step whose answer nobody has taken: the state folder of its user, versioned as its name says.
 * Of steps side by side it is any that may have run to the end: the last that began, as many as may run at once.
 */
function recordLeft(user: string, beside: boolean): string {
  const folder = stateFolder(user)
  const one = (name: Script) =>
    sh`mkdir -p ${folder}/lost && printf '{"about":%s,"code":%s,"ended":%s}\n' "$rc_a" "$rc_c" "$(date +%s)" >${folder}/lost/${name}`
  const last = one(new Script('"$rc_n.1"'))
  if (!beside)
    return sh`rc_left() {
${last}
} 2>/dev/null`.text
  return sh`rc_left() {
case $rc_a in
+) rc_j=0; while read -r rc_c rc_a; do rc_j=$((rc_j+1)); [ "$rc_j" -le "$rc_y" ] || [ -z "$rc_c" ] || { ${one(new Script('"$rc_n-$rc_j.1"'))}; }; done <<END
$rc_h
END
;;
*) ${last} ;;
esac
} 2>/dev/null`.text
}

/** A step of the session's own shell; see {@link Job.within}. */
function runWithin(script: string): string {
  return `rc_i=$((rc_i+1)); {
${script}
} </dev/null >"$rc_i.o" 2>"$rc_i.e"; rc_r=$?; rc_s="$rc_s $rc_r"; [ "$rc_r" = 0 ] || rc_k=1`
}

/** The input of a job that is sent when the job has begun, not along with the exchange. */
export function lateInput({ step, stdin, countsInput, beside }: Job): Uint8Array | undefined {
  return step && countsInput && beside === undefined && stdin !== undefined && stdin.length > longInput ? stdin : undefined
}

/**
 * The bytes of one exchange: a header line (number, size of the rest, place of the driver in it, mark), the payloads, and
 * the driver, in this order: {@link loopCommand} tells why. Place 0: own reads only.
 * @param options `boot`: the shell waits for its program, see {@link bootLine}. `user`: whose shell it is.
 */
export function encodeExchange(number: number, jobs: readonly Job[], mark: string, { boot = false, user = '' } = {}): Buffer {
  const own = jobs.every(isOwn)
  if (boot)
    return own
      ? bootWith(number, mark, ownDriver(jobs))
      : Buffer.concat([Buffer.from(bootLine), encodeExchange(number, jobs, mark, { user })])
  if (own) {
    const driver = Buffer.from(`${ownDriver(jobs)}\n`)
    return Buffer.concat([Buffer.from(`${number} ${driver.length} 0 ${mark}\n`), driver])
  }
  const payloads: Uint8Array[] = []
  let place = 1
  const placeOf = ({ stdin }: Job): number | undefined => {
    if (stdin === undefined) return undefined
    payloads.push(stdin)
    place += stdin.length
    return place - stdin.length
  }
  let groups = 0
  const calls = jobs.map((job, at) => {
    if (job.beside) {
      if (isBeside(job, jobs[at - 1])) return ''
      const end = jobs.findIndex((other, behind) => behind > at && !isBeside(other, job))
      const group = jobs.slice(at, end === -1 ? undefined : end)
      groups += 1
      return sideBySide(
        group.map((one, index): Placed => ({ job: one, number: at + index + 1, place: placeOf(one) })),
        groups,
      )
    }
    if (job.within) return runWithin(job.script.text)
    if (isOwn(job)) return `rc_own ${quote(job.script.text)}`
    const step = job.step === true ? (job.begins ? 2 : 1) : 0
    const words = `${quote(job.script.text)}${step > 0 && job.about !== undefined ? ` ${quote(JSON.stringify(job.about))}` : ''}`
    if (job.stdin === undefined) return `rc_job ${step} - - ${words}`
    if (lateInput(job) !== undefined) return `rc_job ${step} ${job.stdin.length} - ${words}`
    return `rc_job ${step} ${job.stdin.length} ${placeOf(job)} ${words}`
  })
  const left = jobs.some(({ about }) => about !== undefined) ? `${recordLeft(user, groups > 0)}\n` : ''
  const beside = groups > 0 ? `${sideBySideProgram}\n` : ''
  const driver = Buffer.from(`{ ${left}${beside}${calls.filter((call) => call !== '').join('\n')}\nrc_end\n}\n`)
  const size = place - 1 + driver.length
  return Buffer.concat([Buffer.from(`${number} ${size} ${place} ${mark}\n`), ...payloads, driver])
}

/** What the host said about an exchange: all replies, or why it could not keep them. */
export type Answer = { readonly kind: 'replies'; readonly replies: readonly Reply[] } | { readonly kind: 'gone' | 'full' | 'nodir' }

/** The answer does not follow the protocol: a fault of this program or of the host's tools, never of a job. */
export class FrameError extends Error {}

/**
 * Reads the answer to exchange `number`; `started` is told the place (from 1) of each step as it begins, `ended` of one beside others as
 * it ends.
 */
export async function readAnswer(
  reader: ByteReader,
  nonce: string,
  number: number,
  jobs: number,
  started: (step: number) => void,
  ended: (step: number) => void = () => undefined,
): Promise<Answer> {
  const marker = Buffer.from(`\n${nonce} ${number} `)
  const printed = new Map<number, Uint8Array>()
  for (;;) {
    await reader.seek(marker)
    const [word, ...rest] = (await reader.lineUpTo()).split(' ')
    // bash writes line by line, so those of steps side by side come in one another's middle: what follows may begin with this newline.
    if (word === 'at' || word === 'to') {
      ;(word === 'at' ? started : ended)(Number(rest[0]))
      continue
    }
    await reader.exactly(1)
    if (word === 'out') printed.set(Number(rest[0]), await reader.until(Buffer.from(`\n${rest[1]}\n`)))
    else if (word === 'full' || word === 'gone' || word === 'nodir') return { kind: word }
    else if (word === 'done')
      return { kind: 'replies', replies: await readReplies(reader, `\n${nonce} ${number} end\n`, rest, jobs, printed) }
    else throw new FrameError(`unknown frame '${word}'`)
  }
}

async function readReplies(
  reader: ByteReader,
  end: string,
  codes: readonly string[],
  jobs: number,
  printed: ReadonlyMap<number, Uint8Array>,
): Promise<readonly Reply[]> {
  if (codes.length !== jobs) throw new FrameError(`${jobs} jobs, but ${codes.length} exit codes`)
  const names = (await reader.line()).split(' ').filter((name) => name !== '')
  const sizes: number[] = []
  for (const _ of names) sizes.push(readCount(await reader.line()))
  if (names.length > 1) await reader.line() // the total that `wc` adds
  const outputs = new Map<string, Uint8Array>()
  for (const [at, name] of names.entries()) outputs.set(name, await reader.exactly(sizes[at] ?? 0))
  const trailer = (await reader.exactly(end.length)).toString('latin1')
  if (trailer !== end) throw new FrameError('the frame does not end where its sizes say')
  return codes.map((code, at) => ({
    ran: code !== '-',
    code: code === '-' ? 0 : Number(code),
    stdout: printed.get(at + 1) ?? outputs.get(`x/${at + 1}.o`) ?? empty,
    stderr: outputs.get(`x/${at + 1}.e`) ?? empty,
  }))
}

function readCount(line: string): number {
  const count = /^\s*(\d+)(\s|$)/.exec(line)?.[1]
  if (count === undefined) throw new FrameError(`'${line.slice(0, 80)}' is no size`)
  return Number(count)
}
