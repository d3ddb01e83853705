/** Node's own answer to what an import means. A module of its own, as the program of a build is none: only modules are told. */
export const resolve: (specifier: string, parent: string) => string = import.meta.resolve
