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
import { renderOnce } from './render-once.ts'

/** Resolves inputs of calls on the controller: modules themselves read no file. Files are read once a run. */
export function inputResolver(root: string, scope: KnowledgeScope, files: Map<string, ResolvedInput>): ResolveInput {
  const notLive = new WeakMap<readonly string[], TemplateView['notLive']>()
  const rendered = renderOnce((source) => ({
    input: withDigest(renderTemplate(source, { root })),
    views: viewsOf(source, root, scope, notLive),
  }))
  return (source) => {
    if (source instanceof Uint8Array) return { input: digest(source), views: [] }
    if (source instanceof Rendering) return rendered(source)
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

/** What a template was handed: which hosts of how many, and whose facts are not live. What is `known` of a list of hosts is kept. */
export function viewsOf(
  rendering: Rendering,
  root: string,
  scope: KnowledgeScope,
  known = new WeakMap<readonly string[], TemplateView['notLive']>(),
): readonly TemplateView[] {
  return rendering.seen.map((seen) => {
    const notLive = known.get(seen.hosts) ?? notLiveOf(seen.hosts, scope)
    known.set(seen.hosts, notLive)
    return { ...seen, template: relative(root, rendering.path), notLive }
  })
}

function notLiveOf(hosts: readonly string[], scope: KnowledgeScope): TemplateView['notLive'] {
  // A play without facts hands out none that could be old.
  if (scope.families.length === 0) return []
  return hosts.flatMap((host) => {
    const { origin, ageSeconds } = summarise(knowledgeIn(host, scope), scope.families)
    return origin === 'live' ? [] : [{ host, origin, ageSeconds }]
  })
}

/** Where a file of the controller is. */
export function pathOf({ path }: ControllerFile, root: string): string {
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
