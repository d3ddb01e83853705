import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { identityOf } from '../util/identity.ts'
import { Script, sh } from '../util/sh.ts'
import { gitQuietly } from './git.ts'
import { shownUrl } from './http-client.ts'
import { outputReader } from './output-reader.ts'

/** How to reach a repository elsewhere. */
export interface GitRemote {
  readonly repo: string
  readonly keyFile?: string | undefined
  readonly acceptHostKey?: boolean | undefined
  readonly sshOpts?: readonly string[] | undefined
}

/** What a repository elsewhere has. */
export interface GitRemoteState {
  /** Why it could not be asked; empty where it answered. */
  readonly problem: string
  /** The branch that HEAD stands for; empty where it stands for none. */
  readonly head: string
  readonly refs: { readonly [name: string]: string }
}

/**
 * How git calls ssh: without any question. A key that is accepted is remembered, which a read must not do: there `known`
 * names a file of ours, which ssh writes to instead.
 */
export function sshCommand({ keyFile, acceptHostKey, sshOpts = [] }: GitRemote, known?: Script): Script {
  const words = [
    '-o',
    'BatchMode=yes',
    ...(acceptHostKey ? ['-o', 'StrictHostKeyChecking=accept-new'] : []),
    ...(keyFile === undefined ? [] : ['-i', keyFile, '-o', 'IdentitiesOnly=yes']),
    ...sshOpts,
  ]
  const command = sh`GIT_SSH_COMMAND=${sh`ssh ${words}`.text}; export GIT_SSH_COMMAND`
  return acceptHostKey && known ? sh`${command}; ${known}` : command
}

const ownKnownHosts = new Script(
  `GIT_SSH_COMMAND="$GIT_SSH_COMMAND -o 'UserKnownHostsFile=$private/known ~/.ssh/known_hosts ~/.ssh/known_hosts2'"`,
)

const open = new Script(`private=
trap '[ -z "$private" ] || rm -rf -- "$private"' EXIT
trap 'exit 129' HUP INT TERM
umask 077
command -v git >/dev/null 2>&1 || { printf 'this host has no git\\0\\0'; exit 0; }
private=$(mktemp -d "\${TMPDIR:-/tmp}/rollcall.XXXXXXXXXX") || { private=; printf 'no temporary folder can be made\\0\\0'; exit 0; }
cd / || exit`)

const list = new Script(`refs=$(git ls-remote --symref -- "$@" 2>"$private/say" </dev/null)
rc=$?
problem=
[ "$rc" = 0 ] || { problem=$(cat "$private/say"); problem=\${problem:-exit code $rc}; }
printf '%s\\0%s\\0' "$problem" "$refs"
exit 0`)

function parse(stdout: Uint8Array): GitRemoteState {
  const output = outputReader(stdout)
  const [problem, text] = [output.record().trim(), output.record()]
  const rows = text.split('\n').flatMap((line) => {
    const [value, name] = line.split('\t')
    return value !== undefined && name !== undefined ? [{ value, name }] : []
  })
  const head = rows.find(({ value, name }) => name === 'HEAD' && value.startsWith('ref: '))?.value ?? ''
  return {
    problem,
    head: head.replace(/^ref: refs\/heads\//, ''),
    refs: Object.fromEntries(rows.filter(({ value }) => /^[0-9a-f]{40,64}$/.test(value)).map(({ value, name }) => [name, value])),
  }
}

/**
 * Asks a repository elsewhere, from the host, what some of its refs are.
 * @param names Refs, `refs/tags/*` too. What is like them may be in the answer as well.
 * @param owner One owner, one key.
 */
export function gitRemote(remote: GitRemote, names: readonly string[], owner: object): Read<GitRemoteState> {
  const kind: ResourceKind<GitRemoteState> = {
    name: 'gitRemote',
    needs: ['refs'],
    freshness: 'live',
    script: () => sh`${gitQuietly}
${open}
${sshCommand(remote, ownKnownHosts)}
set -- ${[remote.repo, ...names]}
${list}`,
    parse: (stdout) => [parse(stdout)],
    describe: ({ problem, refs }) => ({ fields: { refs: problem === '' ? String(Object.keys(refs).length) : problem } }),
    absent: ({ problem }) => problem !== '',
    liesAt: () => [],
  }
  return readOf(kind, `${shownUrl(remote.repo)} ${names.join(' ')} #${identityOf(owner)}`)
}
