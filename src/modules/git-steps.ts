import { run, type Step } from '../dsl/step.ts'
import { type GitState, gitQuietly } from '../resources/git.ts'
import { sshCommand } from '../resources/git-remote.ts'
import { canonicalPath, parentOf } from '../resources/path.ts'
import { Script, sh } from '../util/sh.ts'
import type { GitParams } from './git.ts'
import type { GitVersion } from './git-version.ts'

const writing = new Script('unset GIT_OPTIONAL_LOCKS')

/** Makes or updates a repository, and checks out exactly the commit that was planned. */
export function gitSteps(params: GitParams, found: GitState, version: GitVersion): readonly Step[] {
  const dest = canonicalPath(params.dest)
  const { umask = '022' } = params
  const within = (then: Script) =>
    run(sh`umask ${umask}
${gitQuietly}
${writing}
${sshCommand(params)}
${then}`)
  const inside = (then: Script) =>
    within(sh`cd -- ${dest} || exit
GIT_CEILING_DIRECTORIES=${parentOf(dest)}; export GIT_CEILING_DIRECTORIES
${then}`)
  const fresh = found.kind !== 'repository'
  const remote = fresh ? [within(clone(params, dest, version))] : [...remoteSteps(params, found).map(inside)]
  if (params.bare) return [...remote, ...(fresh ? [] : [inside(fetchAll(params))])]
  return [...remote, inside(fetch(params, version, fresh)), inside(checkout(params, version))]
}

function clone({ repo, remote = 'origin', depth, singleBranch, bare }: GitParams, dest: string, { branch, ref }: GitVersion): Script {
  const name = branch ?? (ref?.startsWith('refs/tags/') ? ref.slice('refs/tags/'.length) : undefined)
  const options = [
    `--origin=${remote}`,
    ...(bare ? ['--bare'] : ['--no-checkout']),
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(singleBranch ? ['--single-branch'] : []),
    ...((depth !== undefined || singleBranch) && name !== undefined ? [`--branch=${name}`] : []),
  ]
  return sh`mkdir -p -- ${parentOf(dest)} || exit
git clone -q ${options} -- ${repo} ${dest}`
}

function remoteSteps({ repo, remote = 'origin' }: GitParams, { remotes }: GitState): readonly Script[] {
  if (remotes[remote] === repo) return []
  return [remotes[remote] === undefined ? sh`git remote add -- ${remote} ${repo}` : sh`git remote set-url -- ${remote} ${repo}`]
}

function fetchAll({ remote = 'origin' }: GitParams): Script {
  return sh`git fetch -q --force --tags -- ${remote} '+refs/heads/*:refs/heads/*'`
}

const hasCommit = new Script('git cat-file -e "$commit^{commit}" 2>/dev/null')

/** What is wanted, and without depth and singleBranch all else there is. What a clone has brought is not fetched again. */
function fetch({ remote = 'origin', depth, singleBranch }: GitParams, { commit, branch, ref }: GitVersion, fresh: boolean): Script {
  const narrow = depth === undefined ? [] : [`--depth=${depth}`]
  const all = `+refs/heads/*:refs/remotes/${remote}/*`
  const whole = sh`git fetch -q --force --tags -- ${remote} ${all} || exit`
  const get =
    ref === undefined
      ? sh`${hasCommit} || git fetch -q --force ${narrow} -- ${remote} ${commit} 2>/dev/null ||
${depth === undefined ? whole : sh`git fetch -q --force --unshallow --tags -- ${remote} ${all} 2>/dev/null || ${whole}`}`
      : sh`${fresh ? hasCommit : new Script('false')} ||
git fetch -q --force ${narrow} ${depth === undefined && !singleBranch ? ['--tags', '--', remote, own(remote, branch, ref), all] : ['--', remote, own(remote, branch, ref)]} || exit`
  return sh`commit=${commit}
${get}
${present}`
}

const own = (remote: string, branch: string | undefined, ref: string) =>
  branch !== undefined ? `+refs/heads/${branch}:refs/remotes/${remote}/${branch}` : ref.startsWith('refs/') ? `+${ref}:${ref}` : ref

const present = new Script(`if ! git cat-file -e "$commit^{commit}"; then
  echo "the commit $commit is not in what the repository gave: it may have been replaced meanwhile; run again" >&2
  exit 1
fi`)

function checkout({ remote = 'origin', force, recursive = true }: GitParams, { commit, branch }: GitVersion): Script {
  const options = force ? ['-q', '-f'] : ['-q']
  return sh`${
    branch === undefined
      ? sh`git checkout ${options} --detach ${commit} -- || exit`
      : sh`git checkout ${options} -B ${branch} ${commit} -- || exit
git branch -q ${`--set-upstream-to=${remote}/${branch}`} ${branch} 2>/dev/null || :`
  }
${
  recursive
    ? sh`[ ! -e .gitmodules ] || { git submodule -q sync --recursive && git submodule -q update --init --recursive ${force ? ['--force'] : []}; }`
    : sh`:`
}`
}
