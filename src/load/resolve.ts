/** What a run's imports mean; plain data, because it crosses into Node's loader thread. */
export interface LoaderSettings {
  /** URL of the file that `#inventory` stands for. */
  readonly inventory: string
  /** URLs of the running Rollcall: playbooks and command line must share one instance of its model. */
  readonly own: Readonly<Record<string, string>>
}

/** The URL of an import that Rollcall decides about; undefined for all others. */
export function resolveOwn(settings: LoaderSettings, specifier: string, parent: string | undefined): string | undefined {
  if (specifier === '#inventory' && !parent?.includes('/node_modules/')) return settings.inventory
  return settings.own[specifier]
}

/** Whether a URL or path is a TypeScript file; query strings that some loaders add do not count. */
export function isTypeScript(url: string): boolean {
  return /^(?:file:|\/).*\.m?ts(?:\?.*)?$/.test(url)
}
