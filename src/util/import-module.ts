/** Given to the program of a build by what opened it, see src/boot/open-program.ts. */
declare const __import: ((specifier: string, options?: ImportCallOptions) => Promise<unknown>) | undefined

/**
 * `import()` of what is not in our own bundle. Code that V8 has kept from an earlier process no longer knows who answers an
 * `import()` of its own (`ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING`), so in a build another file asks in its place.
 */
export const importModule: (specifier: string, options?: ImportCallOptions) => Promise<unknown> =
  typeof __import === 'undefined' ? (specifier, options) => import(/* @vite-ignore */ specifier, options) : __import
