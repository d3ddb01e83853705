import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

// Tests import the sources themselves, and so do the playbooks and templates that tests import.
const alias = [
  { find: /^rollcall$/, replacement: path('src/index.ts') },
  { find: /^rollcall\/testing$/, replacement: path('src/testing/index.ts') },
  { find: /^#inventory$/, replacement: path('inventory/lab.ts') },
]
const exclude = ['**/node_modules/**', 'dist/**', '.rollcall/**']

export default defineConfig({
  test: {
    // Much of a test is waiting for processes: with one worker a core a fifth of a small machine is idle.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...exclude, 'test/lab/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve: { alias },
        // Each file has labs of its own, which wait more than they work.
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude,
          fileParallelism: true,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
