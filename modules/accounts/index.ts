import { authorizedKey, copy, defineServiceModule, group, type PlayTools, type ScopeNeeds, sh, user } from 'rollcall'

export interface Person {
  readonly name: string
  readonly comment?: string
  /** Public keys, a line each as in files that end in .pub. They are all that opens the account. */
  readonly keys: readonly string[]
}

export interface AccountsOptions {
  readonly people: readonly Person[]
  /** Names of those who have left: their accounts are removed, their homes stay. */
  readonly gone?: readonly string[]
  /** The group of all people; its members may become root. Default operators. */
  readonly group?: string
}

/** Accounts of people, opened by their SSH keys and nothing else, who may become root. */
export const accounts = defineServiceModule(
  'accounts',
  <C extends ScopeNeeds>({ task }: PlayTools<C>, { people, gone = [], group: operators = 'operators' }: AccountsOptions) => {
    task('group', group({ name: operators }))
    task(
      'people',
      people.map(({ name, comment }) =>
        user({ name, comment: comment ?? name, groups: [operators], append: true, shell: '/bin/bash', password: '*' }),
      ),
    )
    task(
      'keys',
      people.map(({ name, keys }) => authorizedKey({ user: name, key: keys.join('\n'), exclusive: true })),
    )
    task(
      'may become root',
      copy({
        dest: `/etc/sudoers.d/${operators}`,
        content: `%${operators} ALL=(ALL:ALL) NOPASSWD: ALL\n`,
        mode: '0440',
        validate: (path) => sh`visudo -cf ${path}`,
      }),
    )
    task(
      'gone',
      gone.map((name) => user({ name, state: 'absent' })),
    )
  },
)
