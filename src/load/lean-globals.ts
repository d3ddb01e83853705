/**
 * What Rollcall's declarations name of Node, in the least that says what they mean. Node's own declarations are most of what the
 * compiler reads, and few playbooks name anything of theirs.
 */
export const leanGlobals = `interface URL { readonly href: string; readonly protocol: string; readonly pathname: string; readonly searchParams: object }
interface AbortSignal { readonly aborted: boolean; readonly reason: any; throwIfAborted(): void }
declare module 'node:util' { export namespace inspect { const custom: unique symbol } }
`
