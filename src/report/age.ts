const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** How old something is, for people: `45 s`, `3 min`, `3 h`, `2 d`. Rounded down. */
export function formatAge(seconds: number): string {
  const age = Math.max(0, Math.floor(seconds))
  if (age < minute) return `${age} s`
  if (age < hour) return `${Math.floor(age / minute)} min`
  if (age < day) return `${Math.floor(age / hour)} h`
  return `${Math.floor(age / day)} d`
}

/** How long something took: `420 ms`, `4.2 s`, `3 min 12 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < minute) return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s`
  return `${Math.floor(seconds / minute)} min ${seconds % minute} s`
}
