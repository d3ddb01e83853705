import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ControllerFile, ResolvedInput } from '../dsl/definition.ts'
import { Rendering } from '../dsl/template.ts'
import { summarise } from '../facts/knowledge.ts'
import { RollcallError } from '../model/errors.ts'
import type { TemplateView } from '../model/event.ts'
import { renderTemplate } from '../render/index.ts'
import { registerDigest } from '../util/redact.ts'
import { Secret } from '../util/secret.ts'
import type { ResolveInput } from './context.ts'
import { digest, readController } from './controller-files.ts'
import { type KnowledgeScope, knowledgeIn } from './fleet.ts'

/** Resolves inputs of calls on the controller: modules themselves read no file. Files are read once a run. */
export function inputResolver(root: string, scope: KnowledgeScope, files: Map<string, ResolvedInput>): ResolveInput {
  return (source) => {
    if (source instanceof Uint8Array) return { input: digest(source), views: [] }
    if (source instanceof Rendering) return { input: withDigest(renderTemplate(source, { root })), views: viewsOf(source, root, scope) }
    if (source instanceof Secret)
      return { input: withDigest({ ...digest(Buffer.from(source.reveal(), 'utf8')), shown: Buffer.from(source.shown, 'utf8') }), views: [] }
    const path = pathOf(source, root)
    const known = files.get(path) ?? readInput(path)
    files.set(path, known)
    if (known.entries && !source.orDirectory)
      throw new RollcallError({
        summary: 'A file on the controller cannot be read',
        detail: `${path} is a directory`,
        fix: 'Name a file in it.',
      })
    return { input: known, views: [] }
  }
}

/** What a template was handed: which hosts of how many, and whose facts are not live. */
export function viewsOf(rendering: Rendering, root: string, scope: KnowledgeScope): readonly TemplateView[] {
  // A play without facts hands out none that could be old.
  const readsFacts = scope.families.length > 0
  return rendering.seen.map((seen) => ({
    ...seen,
    template: relative(root, rendering.path),
    notLive: seen.hosts.flatMap((host) => {
      const { origin, ageSeconds } = summarise(knowledgeIn(host, scope), scope.families)
      return origin === 'live' || !readsFacts ? [] : [{ host, origin, ageSeconds }]
    }),
  }))
}

function pathOf({ path }: ControllerFile, root: string): string {
  return path instanceof URL ? fileURLToPath(path) : resolve(root, path)
}

function readInput(path: string): ResolvedInput {
  try {
    return readController(path)
  } catch (error) {
    throw new RollcallError(
      {
        summary: 'A file on the controller cannot be read',
        detail: `${path}: ${(error as Error).message}`,
        fix: 'Paths are relative to the project root; new URL(…, import.meta.url) names a file beside the module.',
      },
      { cause: error },
    )
  }
}

/** The hash of sealed content is no more for people than the content: who has it can try values against it. */
function withDigest<T extends ResolvedInput>(input: T): T {
  if (input.shown) registerDigest(input.sha256)
  return input
}
