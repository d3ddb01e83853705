import { type InputSource, Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { instanceOf, parameters, Type } from '../dsl/schema.ts'
import { Rendering } from '../dsl/template.ts'
import type { FileState } from '../resources/file.ts'
import { type UnitState, unit, unitId } from '../resources/unit.ts'
import type { Secret } from '../util/secret.ts'
import { fieldsOf, states } from './result-fields.ts'
import { text } from './shared-params.ts'
import { leftOfUnit, planUnit, type UnitResult, unitFields, unitParams, unitResult, unitSteps } from './unit-plan.ts'
import { planWholeFile, readWholeFile, rewriteSteps, wholeFileSteps } from './whole-file.ts'

const rendering = instanceOf('Rendering', Rendering)

function sourceOf(src: Rendering | undefined, content: string | Secret | undefined): InputSource {
  if ((src === undefined) === (content === undefined))
    throw new Refusal('systemdUnit takes either src or content', 'Give exactly one of the two.')
  return src ?? (typeof content === 'string' ? new TextEncoder().encode(content) : content!)
}

const pathOf = (name: string, directory = '/etc/systemd/system') => `${directory}/${unitId(name)}`

/** What `systemdUnit` left. */
export interface SystemdUnitResult extends UnitResult {
  /** The unit file. */
  readonly dest: string
  readonly before: { readonly file: FileState; readonly unit: UnitState }
  readonly after: { readonly file: FileState; readonly unit: UnitState }
}

/** A unit file of systemd together with the unit: systemd reads it again when it changed. */
export const systemdUnit = defineModule({
  name: 'systemdUnit',
  summary: 'A unit file of systemd, and the unit: known to systemd, started, enabled',
  params: parameters({
    name: Type.String({ minLength: 1, description: 'the unit with its suffix: app.service, app.timer' }),
    src: Type.Optional(Type.Unsafe<Rendering>({ ...rendering, description: 'a template of defineTemplate, called with its input' })),
    content: Type.Optional(text('the text of the unit file itself; may be a secret')),
    directory: Type.Optional(Type.String({ pattern: '^/', description: 'where unit files lie; default /etc/systemd/system' })),
    ...unitParams,
    daemonReload: Type.Optional(
      Type.Boolean({
        description:
          'systemd reads the unit again when its file changed, whether this is given or not; a changed file restarts nothing: notify restarted for that',
      }),
    ),
  }),
  inputs: ({ src, content }) => ({ content: sourceOf(src, content) }),
  reads: ({ name, directory }, found, { content }) => ({ file: readWholeFile(pathOf(name, directory), found, content), unit: unit(name) }),
  plan: ({ name, directory, ...asked }, { file, unit }, { content }) => {
    if (unit.masked)
      throw new Refusal(
        `${unitId(name)} is masked on this host, so its file is a link to nowhere`,
        'Unmask it first: service({ name, masked: false }).',
      )
    const planned = planWholeFile(pathOf(name, directory), { mode: '0644' }, file, content)
    const written = planned.sha256 !== undefined
    return {
      file: planned,
      unit: {
        ...(!unit.exists && { exists: true }),
        ...((written || unit.needDaemonReload) && { needDaemonReload: false }),
        ...planUnit(name, asked, unit),
      },
    }
  },
  steps: ({ name, noBlock }, { found, wanted, inputs }) => [
    ...wholeFileSteps({ mode: '0644' }, found.file, wanted.file ?? {}, inputs.content),
    ...unitSteps(name, found.unit, wanted.unit ?? {}, {
      reload: !found.unit.exists || wanted.file?.sha256 !== undefined || found.unit.needDaemonReload,
      noBlock,
    }),
  ],
  again: ({ name, noBlock }, { found, inputs }) => [
    ...rewriteSteps({ mode: '0644' }, found.file, inputs.content),
    ...unitSteps(name, found.unit, {}, { reload: true, noBlock }),
  ],
  leaves: ({ noBlock }, { wanted, after }) => ({ ...wanted, unit: leftOfUnit(wanted.unit ?? {}, after.unit, noBlock) }),
  result: ({ name, directory }, { before, after }): SystemdUnitResult => ({
    ...unitResult(name, after.unit),
    dest: pathOf(name, directory),
    before,
    after,
  }),
  resultFields: fieldsOf<SystemdUnitResult>({ ...unitFields, dest: 'the unit file', ...states }),
})
