import { assert, copy, defineServiceModule, file, type Handler, type PlayTools, type ScopeNeeds, sh, shell, stat } from 'rollcall'

export interface ReleaseOptions<C> {
  /** Directory of the application: `releases/<version>`, and the links `current` and `previous`. */
  readonly directory: string
  /** Which version shall be current. */
  readonly version: (scope: C) => string
  /** Directory of the controller that holds a directory for each version. */
  readonly from: URL
  /** How many releases stay; default 5. The current one and the one before always do. */
  readonly keep?: number
  /** Told when another release has become current. */
  readonly notify?: Handler
}

/** What is only asked for by `--tags rollback`. */
const onRollback = ['never', 'rollback']

/**
 * An application in release directories: each version is copied whole beside the others before a link is turned to it, so
 * that going back is turning the link. `--tags rollback` makes the release before current again and does nothing else.
 */
export const release = defineServiceModule(
  'release',
  <C extends ScopeNeeds>({ task }: PlayTools<C>, { directory, version, from, keep = 5, notify }: ReleaseOptions<C>) => {
    const [current, previous] = [`${directory}/current`, `${directory}/previous`]
    const releases = `${directory}/releases`
    const told = notify ? { notify } : {}
    const link = (path: string, target: string) => file({ path, state: 'link', src: target, force: true })

    task(
      'directories',
      [directory, releases].map((path) => file({ path, state: 'directory', mode: '0755' })),
    )
    const before = task('release that is current', stat({ path: current }))
    task('files', (scope) =>
      copy({ src: new URL(`${version(scope)}/`, from), dest: `${releases}/${version(scope)}`, mode: '0644', directoryMode: '0755' }),
    )
    task('release to go back to', ({ result }) => link(previous, result(before).stat.lnkTarget!), {
      when: (scope) => ![undefined, `releases/${version(scope)}`].includes(scope.result(before).stat.lnkTarget),
    })
    task('release', (scope) => link(current, `releases/${version(scope)}`), told)
    // Sorted by age; those that links lead to are left out.
    const surplus = sh`cd ${releases} || exit
ls -1t | tail -n ${`+${keep + 1}`} | grep -vxF -e "$(readlink ${current} | cut -d/ -f2)" -e "$(readlink ${previous} | cut -d/ -f2)"`
    task('old releases', shell({ script: sh`${surplus} | while IFS= read -r old; do rm -rf -- "$old"; done`, onlyIf: surplus }))

    const now = task('release to leave', stat({ path: current }), { tags: onRollback })
    const back = task('release before it', stat({ path: previous }), { tags: onRollback })
    task(
      'there is one',
      ({ result }) => assert({ that: result(back).stat.exists, failMsg: `${previous} is not there: no release was replaced yet` }),
      { tags: onRollback },
    )
    task('roll back', ({ result }) => [link(current, result(back).stat.lnkTarget!), link(previous, result(now).stat.lnkTarget!)], {
      tags: onRollback,
      ...told,
    })
  },
)
