/**
 * What Rollcall's declarations name of Node, and what playbooks name most, in the least that says what they mean. Node's own
 * declarations are most of what the compiler reads, and few playbooks need more of them.
 */
export const leanGlobals = `interface URL { readonly href: string; readonly protocol: string; readonly pathname: string; readonly searchParams: object }
interface AbortSignal { readonly aborted: boolean; readonly reason: any; throwIfAborted(): void }
declare const process: { readonly env: { [name: string]: string | undefined } }
declare const console: { readonly [name in 'log' | 'error']: (message?: any, ...more: any[]) => void }
declare module 'node:util' { export namespace inspect { const custom: unique symbol } }
`
