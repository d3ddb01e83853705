import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The papers of the project, relative to its root. */
export function pagesOf(root) {
  return [
    ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].filter((name) => existsSync(join(root, name))),
    ...readdirSync(join(root, 'docs'), { recursive: true })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name))
      .sort(),
  ]
}
