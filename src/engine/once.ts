/** The nth piece of work of any host is done once, by the first that comes; all hosts get its result. */
export type Once = <T>(host: string, work: () => Promise<T>) => Promise<T>

/** Work shared by the hosts on which a task runs at the same time. One for each round: a handler may run again later. */
export function shareWork(): Once {
  const done: Promise<unknown>[] = []
  const taken = new Map<string, number>()
  return <T>(host: string, work: () => Promise<T>) => {
    const turn = taken.get(host) ?? 0
    taken.set(host, turn + 1)
    done[turn] ??= work()
    return done[turn] as Promise<T>
  }
}
