import type { Job, Reply } from '../transport/session-types.ts'

/** The replies to a part of an exchange, once it was sent; none where the link was lost and that was expected. */
export type Replies = () => readonly Reply[]

/** One exchange, put together part by part; each part finds its own replies again. */
export interface Parts {
  readonly jobs: readonly Job[]
  readonly add: (jobs: readonly Job[]) => Replies
  /** Hands over what came back for all jobs. */
  readonly answer: (replies: readonly Reply[]) => void
}

/** An empty exchange. */
export function openParts(): Parts {
  const jobs: Job[] = []
  let all: readonly Reply[] = []
  return {
    jobs,
    add: (part) => {
      const from = jobs.push(...part) - part.length
      return () => all.slice(from, from + part.length)
    },
    answer: (replies) => {
      all = replies
    },
  }
}
