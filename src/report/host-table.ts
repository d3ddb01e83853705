import type { Colours } from './colours.ts'

/** One column of a table of hosts; `paint` colours a cell that has its width already. */
export interface HostColumn<T> {
  readonly title: string
  readonly of: (host: T) => string
  readonly paint?: (host: T, text: string) => string
}

/** A table with a line for each host: what it is called, then its columns, to the right. Nothing without hosts. */
export function hostTable<T>(
  name: string,
  hosts: { readonly [host: string]: T },
  columns: readonly HostColumn<T>[],
  { strong }: Pick<Colours, 'strong'>,
): string[] {
  const rows = Object.entries(hosts)
  if (rows.length === 0) return []
  const nameWidth = Math.max(name.length, ...rows.map(([host]) => host.length))
  const widths = columns.map(({ title, of }) => Math.max(title.length, ...rows.map(([, host]) => of(host).length)))
  const line = (first: string, cells: readonly string[]) => [first.padEnd(nameWidth), ...cells].join('  ')
  const heads = columns.map(({ title }, index) => title.padStart(widths[index]!))
  return [
    strong(line(name, heads)),
    ...rows.map(([host, of]) => {
      const cells = columns.map((column, index) => {
        const text = column.of(of).padStart(widths[index]!)
        return column.paint?.(of, text) ?? text
      })
      return line(host, cells)
    }),
  ]
}
