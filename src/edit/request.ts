/** An edit of an inventory, as it is asked for. */
export type Edit =
  | ({
      readonly verb: 'add'
      readonly name: string
      readonly groups: readonly string[]
      readonly connection?: 'ssh' | 'lab' | 'local'
    } & Values)
  | ({ readonly verb: 'set'; readonly name: string } & Values)
  | { readonly verb: 'unset'; readonly name: string; readonly vars: readonly string[] }
  | { readonly verb: 'rename'; readonly name: string; readonly to: string; readonly force: boolean }
  | { readonly verb: 'remove'; readonly name: string; readonly force: boolean }
  | ({ readonly verb: 'move'; readonly name: string } & Groups)

/** What a host can be given. */
export interface Values {
  /** `sitePort=8080`, `ports:=[80,443]`. */
  readonly words: readonly string[]
  /** Vars may be ones that nothing declares. */
  readonly isNew: boolean
  readonly privateIp?: string
  readonly publicIp?: string
  readonly address?: string
  readonly user?: string
  readonly port?: string
}
export interface Groups {
  /** All groups it is to be in. */
  readonly groups?: readonly string[]
  /** Groups more. */
  readonly add?: readonly string[]
  /** Groups less. */
  readonly from?: readonly string[]
}
export interface EditRequest {
  /** The folder the command was given in. */
  readonly root: string
  readonly inventory?: string
  readonly edit: Edit
  /** Nothing is written. */
  readonly check: boolean
}

/** What became of an edit. */
export interface Edited {
  readonly inventory: string
  /** One sentence without a full stop. */
  readonly done: string
  readonly changed: boolean
  readonly check: boolean
  readonly files: readonly { readonly file: string; readonly before: string; readonly after: string }[]
  /** What else the reader would want to know. */
  readonly notes: readonly string[]
  /** Other files of the project that name what is gone. */
  readonly mentions: readonly Mention[]
}
export interface Mention {
  /** Modules and templates count as playbooks, which are made of them; a file is a list of hosts, or other code. */
  readonly kind: 'playbook' | 'inventory' | 'file'
  /** `playbooks/site.ts:20:3`. */
  readonly at: string
}
