import { type BuildResult, build } from 'esbuild'
import { ownRoot } from '../../src/util/own-root.ts'

/** Bundles programs of the tests into a folder, as `<name>.mjs`: modules load when they are imported, as in a release. */
export function bundleInto(folder: string, entryPoints: { readonly [name: string]: string }): Promise<BuildResult<{ metafile: true }>> {
  return build({
    absWorkingDir: ownRoot(),
    entryPoints: { ...entryPoints },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outExtension: { '.js': '.mjs' },
    metafile: true,
  })
}
