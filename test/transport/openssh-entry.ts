import { connectOpenssh } from '../../src/transport/openssh.ts'
import type { DeclaredTarget } from '../../src/transport/ssh-config.ts'
import { sh } from '../../src/util/sh.ts'

// A process that holds a connection open until somebody ends it.
async function main(): Promise<void> {
  const { connection } = await connectOpenssh(JSON.parse(process.argv[2] ?? '') as DeclaredTarget)
  const remote = await connection.start(sh`echo up; cat`)
  remote.stdout.pipe(process.stdout)
}

void main()
