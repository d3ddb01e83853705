/** The shop's releases, a directory each. A real project would let its build put them here. */
export const shopReleases = new URL('./releases/', import.meta.url)
