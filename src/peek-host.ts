import { randomBytes } from 'node:crypto'
import type { As, Peek, Written } from './engine/host-access.ts'
import { locateScript, outputsOf, peekScript } from './transport/peek-script.ts'
import type { Job, Running, Session } from './transport/session-types.ts'
import type { Script } from './util/sh.ts'
import { within } from './util/within.ts'

/** What a host gives to who looks at its sessions. */
interface Ways {
  /** The session of a user, where it is open. */
  readonly session: (as: As) => Promise<Session> | undefined
  /** Opens another one of the same user, over a connection that stands. */
  readonly open: (as: As) => Promise<Session>
}

export interface Peeks {
  readonly peek: Peek
  /** Lets go of all sessions that were opened for it. */
  close(): Promise<void>
}

interface Looker {
  readonly session: Promise<Session>
  /** Who stands in the directory of which session, by the nonce of that. */
  readonly places: Map<string, number>
}

/** A look may take so long; what takes longer is not waited for again. */
const patienceMs = 30_000
/** Who closes a host does not wait longer for one that is still being opened; it goes with the connection. */
const closingMs = 5000

/**
 * Looks at what sessions of a host run. For the output it opens one session more for each user, when it is first asked, and keeps
 * it. Where that is refused, or does not answer, there is no output and nobody hears of it: nothing hangs on it.
 */
export function openPeeks({ session: sessionOf, open }: Ways): Peeks {
  const lookers = new Map<As, Looker>()
  const refused = new Set<As>()
  const looker = (as: As): Looker => {
    const known = lookers.get(as)
    if (known) return known
    const opened = { session: open(as), places: new Map() }
    lookers.set(as, opened)
    return opened
  }
  const letGo = (as: As) => {
    const known = lookers.get(as)
    lookers.delete(as)
    return known?.session.then((session) => session.close()).catch(() => {})
  }
  const placeOf = async ({ session, places }: Looker, running: Running): Promise<number | undefined> => {
    const known = places.get(running.nonce)
    if (known !== undefined) return known
    const found = Number(Buffer.from(await say(await session, locateScript(running))).toString())
    if (found > 0) places.set(running.nonce, found)
    return found > 0 ? found : undefined
  }
  const look = async (
    by: Looker,
    running: Running | undefined,
    files: Script | undefined,
    bytes: number,
  ): Promise<readonly Uint8Array[]> => {
    const place = running && !files ? await placeOf(by, running) : undefined
    const from = files ?? (place === undefined ? undefined : outputsOf(place, running?.step))
    if (!from) return []
    const mark = randomBytes(16).toString('hex')
    const said = Buffer.from(await say(await by.session, peekScript(from, bytes, mark)))
    const end = said.indexOf(`\n${mark}\n`)
    return end === -1 ? [] : [said.subarray(0, end), said.subarray(end + mark.length + 2)]
  }
  return {
    peek: async (as, bytes, files) => {
      const session = await sessionOf(as)?.catch(() => undefined)
      const running = session?.running
      if (!running && !files) return undefined
      const seen: Written = {
        ...(running?.task !== undefined && { task: running.task }),
        ...(running && { since: running.since }),
        outputs: [],
      }
      if (refused.has(as) || bytes === undefined) return seen
      const by = looker(as)
      // To open a session takes as long as it takes.
      const outputs = await by.session.then(() => within(look(by, running, files, bytes), patienceMs)).catch(() => undefined)
      if (outputs === undefined) {
        if (lookers.get(as) !== by) return seen // It was let go meanwhile, since the host went away.
        refused.add(as)
        void letGo(as)
        return seen
      }
      const now = session?.running
      // Another step may have begun meanwhile: it is not its output.
      if (!files && (now?.exchange !== running?.exchange || now?.step !== running?.step)) return undefined
      return { ...seen, outputs }
    },
    close: async () => {
      refused.clear()
      await within(Promise.all([...lookers.keys()].map(letGo)), closingMs)
    },
  }
}

/** An own read: it makes no file on the host and starts no shell. */
async function say(session: Session, script: Script): Promise<Uint8Array> {
  const job: Job = { script, own: true }
  const [reply] = await session.exchange([job])
  return reply!.stdout
}
