import { Refusal } from '../dsl/definition.ts'
import type { GitRemoteState } from '../resources/git-remote.ts'
import { suggest } from '../util/suggest.ts'

/** What a version stands for. */
export interface GitVersion {
  readonly commit: string
  /** A branch, to be checked out as one. */
  readonly branch?: string
  /** The ref it was found by; absent for a commit. */
  readonly ref?: string
}

/** Whether a version is a whole commit: then nobody has to be asked what it stands for. */
export const isCommit = (version: string) => /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(version)

/** @throws Refusal for values that git would take for an option or a program to run. */
export function refuseUnsafe(repo: string, version: string, remote: string): void {
  for (const [name, value] of Object.entries({ repo, version, remote }))
    if (value.startsWith('-')) throw new Refusal(`${name} is '${value}', which git would take for an option`, 'Write it without the dash.')
  if (/^[A-Za-z0-9+.-]+::/.test(repo))
    throw new Refusal(`repo is '${repo}', which runs a program of git's as transport`, 'Give a URL, a path, or user@host:path.')
  if (/[\0\n]/.test(repo + version + remote)) throw new Refusal('git takes no line breaks in names')
  if (version === '') throw new Refusal('version is empty', "Leave it out for the branch that the repository names as its own, 'HEAD'.")
  if (!/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(remote)) throw new Refusal(`'${remote}' is no name of a remote`, "Most are called 'origin'.")
}

/** The refs to ask for, so that {@link resolveVersion} can tell what a version stands for. */
export function refsOf(version: string): readonly string[] {
  if (version === 'HEAD') return ['HEAD']
  return version.startsWith('refs/')
    ? [version, `${version}^{}`]
    : [`refs/heads/${version}`, `refs/tags/${version}`, `refs/tags/${version}^{}`]
}

/**
 * What a version stands for: a branch before a tag of the same name, as with Ansible.
 * @throws Refusal when the repository cannot be asked, or has no such thing.
 */
export function resolveVersion(repo: string, version: string, { problem, head, refs }: GitRemoteState): GitVersion {
  if (problem !== '') throw new Refusal(`${repo} cannot be asked from this host: ${problem}`, fixOf(problem))
  if (version === 'HEAD') {
    const commit = refs.HEAD
    if (commit === undefined)
      throw new Refusal(`${repo} is empty: it has no commit`, 'Push something to it first, or name a branch in version.')
    return head === '' ? { commit, ref: 'HEAD' } : { commit, branch: head, ref: `refs/heads/${head}` }
  }
  const branchRef = version.startsWith('refs/heads/') ? version : `refs/heads/${version}`
  const branch = refs[branchRef]
  if (branch !== undefined) return { commit: branch, branch: branchRef.slice('refs/heads/'.length), ref: branchRef }
  const ref = version.startsWith('refs/') ? version : `refs/tags/${version}`
  const commit = refs[`${ref}^{}`] ?? refs[ref]
  if (commit !== undefined) return { commit, ref }
  if (/^[0-9a-f]{4,39}$/i.test(version))
    throw new Refusal(
      `${repo} has no branch and no tag '${version}'`,
      'Where it is a commit, give all 40 digits: a short one names nothing before it is fetched.',
    )
  const near = suggest(
    version,
    Object.keys(refs).map((name) => name.replace(/^refs\/(heads|tags)\//, '')),
  )
  throw new Refusal(
    `${repo} has no branch and no tag '${version}'`,
    near === undefined ? 'Look with: git ls-remote' : `Did you mean '${near}'?`,
  )
}

function fixOf(problem: string): string {
  if (problem.includes('no git')) return "Install it by a task before this one: apt({ name: 'git' })."
  if (/Host key verification failed/.test(problem))
    return 'Put its key into known_hosts, or set acceptHostKey: true to accept one that is new.'
  if (/could not read (Username|Password)|Authentication failed|Permission denied \(/.test(problem))
    return 'Give the host a way in that asks nothing: keyFile, or credentials that git knows of.'
  return 'Look whether the host reaches it: run git ls-remote there.'
}
