import { type FoundSoFar, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import type { Read, WantedState } from '../dsl/resource.ts'
import { type Params, parameters, Type } from '../dsl/schema.ts'
import { type GitState, gitRepository } from '../resources/git.ts'
import { type GitRemoteState, gitRemote } from '../resources/git-remote.ts'
import { canonicalPath } from '../resources/path.ts'
import { gitSteps } from './git-steps.ts'
import { type GitVersion, isCommit, refsOf, refuseUnsafe, resolveVersion } from './git-version.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath } from './shared-params.ts'

const params = parameters({
  repo: Type.String({
    minLength: 1,
    description: 'where the host gets it: a URL, user@host:path, or a path of the host. No password in it: it is kept in dest',
  }),
  dest: absolutePath('the directory on the host that it is checked out in'),
  version: Type.Optional(
    Type.String({
      description:
        "a branch, a tag, a ref, or a commit with all its digits; default 'HEAD', the branch that the repository names as its own",
    }),
  ),
  remote: Type.Optional(Type.String({ minLength: 1, description: "what the repository is called in dest; default 'origin'" })),
  force: Type.Optional(Type.Boolean({ description: 'throw away what was changed in tracked files; default false: that is refused' })),
  update: Type.Optional(Type.Boolean({ description: 'false: a repository that is there is left at its version; default true' })),
  clone: Type.Optional(Type.Boolean({ description: 'false: one that is not there is not made; default true' })),
  depth: Type.Optional(Type.Integer({ minimum: 1, description: 'fetch only so many commits of the history' })),
  singleBranch: Type.Optional(Type.Boolean({ description: 'fetch only the branch or tag that is wanted' })),
  bare: Type.Optional(Type.Boolean({ description: 'a repository without files: all branches and tags are kept as they are there' })),
  recursive: Type.Optional(Type.Boolean({ description: 'submodules too; default true' })),
  keyFile: Type.Optional(absolutePath('the private key on the host to log in with')),
  acceptHostKey: Type.Optional(
    Type.Boolean({ description: 'accept the key of a host that is not known yet; one that has changed stays an error' }),
  ),
  sshOpts: Type.Optional(Type.Array(Type.String(), { description: "more options of ssh, one word each: ['-p', '2222']" })),
  umask: Type.Optional(Type.String({ pattern: '^0?[0-7]{3}$', description: "the mask that its files are made with; default '022'" })),
})
export type GitParams = Params<typeof params>

/** Commits around the task, as Ansible has them. */
export interface GitResult {
  /** Absent where there was no repository, or no commit in it. */
  readonly before?: string
  /** In check mode the commit that would be checked out. */
  readonly after?: string
  readonly remoteUrlChanged: boolean
}

interface Found {
  readonly git: GitState
  readonly remote?: GitRemoteState
}

const everyRef = ['HEAD', 'refs/heads/*', 'refs/tags/*']

/** Whether anything is to be done with what was found; where not, nobody is asked. */
function isWanted({ update = true, clone = true }: GitParams, { kind }: GitState): boolean {
  return kind === 'repository' ? update : clone
}

function readsOf(params: GitParams, found: FoundSoFar): { readonly [name: string]: Read<any> } {
  const { repo, dest, version = 'HEAD', remote = 'origin', bare, update = true } = params
  refuseUnsafe(repo, version, remote)
  if (bare && version !== 'HEAD') throw new Refusal('a bare repository holds every version', 'Leave version out.')
  const own = gitRepository(dest)
  const state = found.get(own)
  const asks = !(isCommit(version) && !bare) && (update || (state !== undefined && state.kind !== 'repository'))
  return { git: own, ...(asks && { remote: gitRemote(params, bare ? everyRef : refsOf(version), params) }) }
}

/** What is to be checked out. */
function versionOf({ repo, version = 'HEAD' }: GitParams, { remote }: Found): GitVersion {
  return remote ? resolveVersion(repo, version, remote) : { commit: version.toLowerCase() }
}

function refuse({ dest, force, bare = false }: GitParams, { kind, problem, modified, bare: isBare }: GitState): void {
  if (kind === 'noGit') throw new Refusal('this host has no git', "Install it by a task before this one: apt({ name: 'git' }).")
  if (kind === 'other')
    throw new Refusal(`${dest} is there and is no git repository`, 'Give another dest, or move away what is there by a task of its own.')
  if (kind === 'broken')
    throw new Refusal(
      `git does not work with ${dest}: ${problem}`,
      problem.includes('dubious ownership')
        ? 'Run the task as the user who owns it: become: false, or change its owner.'
        : 'Repair it on the host.',
    )
  if (kind === 'repository' && bare !== isBare)
    throw new Refusal(`${dest} is a repository ${isBare ? 'without' : 'with'} files`, `Set bare: ${isBare}, or give another dest.`)
  if (modified.length > 0 && !force)
    throw new Refusal(
      `files in ${dest} were changed by hand: ${modified.map((line) => line.slice(3)).join(', ')}`,
      'Commit them, or set force: true to throw the changes away.',
    )
}

function planOf(params: GitParams, found: Found): { readonly [name: string]: WantedState<any> } {
  const { git } = found
  const { repo, remote = 'origin', bare, force, recursive = true } = params
  if (!isWanted(params, git)) return {}
  refuse(params, git)
  const { commit, branch } = versionOf(params, found)
  const remotes = { ...git.remotes, [remote]: repo }
  const fresh = git.kind !== 'repository' && { kind: 'repository', bare: bare ?? false }
  if (bare) return { git: { ...fresh, remotes, refs: { ...git.refs, ...branchesAndTags(found.remote!) } } }
  return {
    git: {
      ...fresh,
      remotes,
      commit,
      ...(branch !== undefined && { branch }),
      ...(force && { modified: [] }),
      ...(recursive && { staleSubmodules: [] }),
    },
  }
}

function branchesAndTags({ refs }: GitRemoteState): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(refs).filter(([name]) => /^refs\/(heads|tags)\//.test(name) && !name.endsWith('^{}')))
}

/** A repository at a version. */
export const git = defineModule({
  name: 'git',
  summary: 'A git repository, checked out at a version',
  params,
  reads: readsOf,
  plan: (params, found) => planOf(params, found as unknown as Found),
  steps: (params, { found }) => {
    const { git } = found as unknown as Found
    return gitSteps(params, git, versionOf(params, found as unknown as Found))
  },
  touches: ({ dest: given }) => {
    const dest = canonicalPath(given)
    return [`file:${dest}`, `file:${dest}/*`, `link:${dest}/*`]
  },
  result: (params, { before, after }): GitResult => {
    const [was, is] = [before as unknown as Found, after as unknown as Found]
    const { remote = 'origin', clone = true } = params
    const unmade = was.git.kind !== 'repository' && !clone
    const commit = unmade ? versionOf(params, was).commit : is.git.commit
    return {
      ...(was.git.commit !== '' && { before: was.git.commit }),
      ...(commit !== '' && { after: commit }),
      remoteUrlChanged: was.git.kind === 'repository' && was.git.remotes[remote] !== is.git.remotes[remote],
    }
  },
  resultFields: fieldsOf<GitResult>({
    before: 'the commit that was checked out; absent where there was none',
    after: 'the commit that is; in check mode the one that would be',
    remoteUrlChanged: 'whether the URL of the remote was another',
  }),
})
